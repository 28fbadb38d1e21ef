import { expect, it } from 'vitest';
import { assetsOf } from '../../../src/targets/site/pages.ts';

it('follows what a page needs as a file, and nothing else', () => {
  const html = `
    <link rel="stylesheet" href="/assets/a.css"><link rel="canonical" href="/somewhere"><link href='b%20c.ico' rel='icon'>
    <script src=app.js?v=3></script><script>let src = "no.js"</script><script type="module" src="https://cdn.example/x.js"></script>
    <img src="data:image/png;base64,AAAA"><img alt="x" src="../logo.svg#icon"><img src="{{ later }}"><a href="/orders/1">order</a>`;
  expect(assetsOf(html, 'help/index.html', '/')).toEqual(['assets/a.css', 'help/b c.ico', 'help/app.js', 'logo.svg']);
});

it('knows the path under which a site is served', () => {
  expect(assetsOf('<script src="/shop/app.js"></script>', 'index.html', '/shop/')).toEqual(['app.js']);
});
