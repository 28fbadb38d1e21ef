import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ledgerSnippet } from './ledger.ts';

/** How a version of the service behaves; times in milliseconds. */
export type ServiceTraits = {
  /** Before it listens. */
  startMs?: number;
  /** Between SIGTERM and its end. */
  stopMs?: number;
  /** Ends at once with an error. */
  crash?: boolean;
  /** Says that there is nothing to buy. */
  empty?: boolean;
  /** Time for `GET /slow`. */
  slowMs?: number;
  /** Answers `GET /probe` with 500 while the world's directory holds this file. */
  sickWhile?: string;
};

/** What a version consists of beside what every version has. SQL by file name; `null` leaves a file out. */
export type VersionContent = {
  migrations?: Record<string, string | null>;
  seeds?: Record<string, string>;
  service?: ServiceTraits;
  /** The front serves such a page with something added, as a broken proxy would. */
  garbled?: boolean;
  /** Time that the build of the frontend takes. */
  buildMs?: number;
};

const firstMigration = `
create table items (id int generated always as identity primary key, name text not null, made_by text not null);
grant select, insert on items to shop_app;
`;

const service = `
import { createServer } from 'node:http';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import pg from 'pg';
${ledgerSnippet}
const version = process.env.VERSION;
const traits = JSON.parse(readFileSync(new URL('./traits.json', import.meta.url), 'utf8'));
note('started', version);
if (traits.crash) { console.error('cannot find the stock'); process.exit(7); }
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 2, application_name: 'service-' + version });
pool.on('error', () => {});
const isSick = () => traits.sickWhile !== undefined && existsSync(join(dirname(process.env.LEDGER), traits.sickWhile));
async function answer(request) {
  const { pathname, searchParams } = new URL(request.url, 'http://service');
  if (pathname === '/health') return { status: 'ok', version };
  if (pathname === '/probe') { if (isSick()) throw new Error('sick'); return {}; }
  if (pathname === '/slow') { await new Promise((resolve) => setTimeout(resolve, traits.slowMs ?? 0)); return {}; }
  if (request.method === 'POST') {
    await pool.query('insert into items (name, made_by) values ($1, $2)', [searchParams.get('name'), version]);
  }
  const { rows } = await pool.query('select count(*)::int as items from items');
  return { items: traits.empty ? 0 : rows[0].items };
}
const server = createServer((request, response) => {
  answer(request).then(
    (body) => response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body)),
    (error) => response.writeHead(500).end(error.message),
  );
});
setTimeout(() => server.listen(Number(process.env.PORT), process.env.HOST), traits.startMs ?? 0);
process.once('SIGTERM', () => {
  note('stopping', version);
  setTimeout(() => { note('stopped', version); process.exit(0); }, traits.stopMs ?? 0);
});
`;

const build = `
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
${ledgerSnippet}
note('build', process.env.VERSION);
await sleep(Number(readFileSync('build-ms.txt', 'utf8')));
note('built', process.env.VERSION);
`;

function page(version: string, garbled: boolean): string {
  return `<!doctype html><title>shop</title><p id="version">${version}</p>${garbled ? '<!-- garbled -->' : ''}
<script src="app-${version}.js"></script>\n`;
}

/** Writes `<home>/versions/<version>` anew. */
export async function writeVersion(home: string, version: string, content: VersionContent = {}): Promise<void> {
  const at = join(home, 'versions', version);
  await rm(at, { recursive: true, force: true });
  const migrations = { '0001_items.sql': firstMigration, ...content.migrations };
  const files: Record<string, string> = {
    'backend/server.mjs': service,
    'backend/traits.json': JSON.stringify(content.service ?? {}),
    'backend/version.txt': version,
    'frontend/index.html': page(version, content.garbled ?? false),
    [`frontend/app-${version}.js`]: `document.title = 'shop ${version}';\n`,
    'frontend/build.mjs': build,
    'frontend/build-ms.txt': String(content.buildMs ?? 0),
  };
  for (const [name, text] of Object.entries(migrations)) if (text !== null) files[`migrations/${name}`] = text;
  for (const [name, text] of Object.entries(content.seeds ?? {})) files[`seeds/${name}`] = text;
  await mkdir(join(at, 'migrations'), { recursive: true });
  await mkdir(join(at, 'seeds'), { recursive: true });
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(at, name)), { recursive: true });
    await writeFile(join(at, name), text);
  }
}
