/**
 * `node scripts/setup.mjs test` ends here: gets what the tests need beside the program's own tools and says what there
 * is. A part that cannot be had makes its tests skip with the reason; with CI=true it is a failure.
 */
import { spawn } from 'node:child_process';
import { ensureAlembic } from './alembic/alembic.ts';
import { ensureMoto, findPython } from './aws/moto.ts';
import { ensureCompose } from './compose-tool.ts';
import { ensureK6 } from './k6-tool.ts';
import { ensureMailServer } from './mail-server.ts';
import { ensureTestServer } from './test-server.ts';
import {
  ensurePgbouncer,
  ensurePrometheus,
  findChromium,
  findPgbouncer,
  findPostgresPrograms,
  findRedis,
  isMissing,
  type Tool,
} from './tools.ts';

/** Tool → packages of Debian and Ubuntu that bring it. */
const packaged: { name: string; packages: string[]; find: () => Tool | Promise<Tool> }[] = [
  { name: 'Chromium', packages: ['chromium'], find: findChromium },
  { name: 'PostgreSQL with pg_dump', packages: ['postgresql', 'postgresql-client'], find: findPostgresPrograms },
  { name: 'pgbouncer', packages: ['pgbouncer'], find: findPgbouncer },
  { name: 'Redis', packages: ['redis-server'], find: findRedis },
  { name: 'Python', packages: ['python3', 'python3-venv'], find: findPython },
  { name: 'Maven and Java', packages: ['maven', 'default-jre-headless'], find: findMaven },
];

async function findMaven(): Promise<Tool> {
  const { onPath } = await import('../../src/dev/temporal-cli.ts');
  const server = await (await import('./test-server.ts')).findTestServer();
  const java = await onPath('java');
  if (java !== null && (!isMissing(server) || (await onPath('mvn')) !== null)) return { path: java };
  return { missing: 'there is no java, or no mvn to get the time-skipping server with' };
}

function say(line: string): void {
  process.stderr.write(`setup: ${line}\n`);
}

/** Answers false when it does not end well. `RUNLEVEL` keeps Debian from starting the servers that it installs. */
function run(command: string, args: readonly string[]): Promise<boolean> {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: ['ignore', 2, 2], env });
    child.once('error', () => resolve(false));
    child.once('exit', (code) => resolve(code === 0));
  });
}

async function missingPackages(): Promise<string[]> {
  const found = await Promise.all(
    packaged.map(async ({ packages, find }) => (isMissing(await find()) ? packages : [])),
  );
  return found.flat();
}

async function installMissing(): Promise<void> {
  const missing = await missingPackages();
  if (missing.length === 0 || process.getuid?.() !== 0) return;
  say(`installing for the tests: ${missing.join(', ')}`);
  const install = ['install', '-y', '-q', '--no-install-recommends'];
  await run('apt-get', ['update', '-q']);
  // One by one when all at once fails: one package that does not exist must not cost the others.
  if (await run('apt-get', [...install, ...missing])) return;
  for (const name of missing) await run('apt-get', [...install, name]);
}

await installMissing();
// Whoever is not root gets it unpacked.
await ensurePgbouncer();
const tools: [string, Tool][] = [];
for (const { name, find } of packaged) tools.push([name, await find()]);
tools.push(['time-skipping server', await ensureTestServer()], ['Docker Compose', await ensureCompose()]);
tools.push(['mail server', await ensureMailServer()], ['k6', await ensureK6()]);
tools.push(['moto', await ensureMoto()], ['alembic', await ensureAlembic()], ['Prometheus', await ensurePrometheus()]);
let missing = 0;
for (const [name, tool] of tools) {
  if (isMissing(tool)) missing += 1;
  if (isMissing(tool))
    say(`${name}: ${tool.missing}${process.getuid?.() === 0 ? '' : ' (not root, so nothing was installed)'}`);
  else if (process.env.CI) say(`${name}: ${tool.path}`);
}
if (missing > 0 && process.env.CI) {
  say('CI is set, so a missing part is a failure');
  process.exitCode = 1;
}
process.exit();
