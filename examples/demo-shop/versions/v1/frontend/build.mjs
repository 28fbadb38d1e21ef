import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';

/** Writes `dist/`: the page, and its assets under names that change with their content, so that browsers keep them. */
let page = (await readFile('index.html', 'utf8')).replaceAll('%VERSION%', process.env.VERSION ?? 'unknown');
await mkdir('dist/assets', { recursive: true });
for (const name of ['shop.js', 'shop.css']) {
  const content = await readFile(name);
  const hash = createHash('sha256').update(content).digest('hex').slice(0, 8);
  const hashed = `assets/${name.replace('.', `.${hash}.`)}`;
  await writeFile(`dist/${hashed}`, content);
  page = page.replaceAll(`"/${name}"`, `"/${hashed}"`);
}
await writeFile('dist/index.html', page);
