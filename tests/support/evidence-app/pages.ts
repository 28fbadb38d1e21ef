import type { Route } from './request.ts';
import type { Faults } from './state.ts';

/** Pages for a browser: a front page with a form that works by script, and a list. */
export const pageRoutes: Route = async ({ method, url, headers }, response, { faults }) => {
  const send = (type: string, body: string, status = 200): true => {
    response.writeHead(status, { 'content-type': `${type}; charset=utf-8` }).end(body);
    return true;
  };
  switch (`${method} ${url.pathname}`) {
    case 'GET /shop':
      return send('text/html', frontPage(faults, headers.host ?? ''));
    case 'GET /old-shop':
      response.writeHead(302, { location: `http://localhost:${headers.host?.split(':')[1]}/shop` }).end();
      return true;
    case 'GET /shop/orders':
      return send('text/html', page('Orders', '<h1>Your orders</h1><ul><li>Order 1<li>Order 2</ul>'));
    case 'GET /assets/app.js':
      return faults.brokenAsset ? send('text/plain', 'gone', 404) : send('text/javascript', script);
    case 'GET /assets/app.css':
      return send('text/css', 'body { font-family: sans-serif }');
    default:
      return false;
  }
};

function page(title: string, body: string): string {
  return `<!doctype html><html lang="en"><head><title>${title} - Shop</title>
<link rel="stylesheet" href="/assets/app.css"></head><body>${body}</body></html>`;
}

const form = `<h1>Welcome to the shop</h1><p hidden>never seen</p>
<form><label>E-mail <input name="email" type="email"></label> <label>Password <input name="password" type="password"></label>
<label>Language <select name="language"><option>English</option><option>Deutsch</option></select></label>
<button>Sign in</button></form><p id="said"></p><a href="/shop/orders">Orders</a>
<a href="/shop/orders" target="_blank">Orders of friends</a> <button disabled>Buy</button>`;

/** The other site is this one by its other name. */
function frontPage(faults: Faults, host: string): string {
  const port = host.split(':')[1] ?? '';
  const planted = [
    faults.consoleError ? `console.error('cannot read the basket of ada@shop.test, token=abc-4711')` : '',
    faults.consoleWarning ? `console.warn('old interface')` : '',
    faults.uncaughtError ? 'basket.open()' : '',
    faults.uncaughtError ? `Promise.reject('no basket'); throw null` : '',
  ].filter((line) => line !== '');
  const tracker = faults.brokenTracker ? `<script src="http://localhost:${port}/tracker.js?key=k-4711"></script>` : '';
  const scripts = planted.map((line) => `<script>${line}</script>`).join('');
  return page('Front', `${form}${scripts}${tracker}<script src="/assets/app.js"></script>`);
}

const script = `document.querySelector('form').addEventListener('submit', (event) => {
  event.preventDefault();
  const { email, language } = Object.fromEntries(new FormData(event.target));
  setTimeout(() => { document.querySelector('#said').textContent = 'Signed in as ' + email + ' in ' + language; }, 100);
});`;
