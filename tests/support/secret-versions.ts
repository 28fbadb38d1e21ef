import { freePort } from '../../src/dev/ports.ts';
import type { SecretWorld } from './secret-world.ts';

const service = `
import { createServer } from 'node:http';
const { PORT, HOST, VERSION, DATABASE_URL, API_KEY, MARKER, OWNER_URL } = process.env;
console.log(MARKER, 'starts with', DATABASE_URL);
if (VERSION === 'crashes') { console.error('cannot use', DATABASE_URL, API_KEY, OWNER_URL); process.exit(7); }
if (VERSION === 'complains') console.error('ERROR at', DATABASE_URL, API_KEY);
createServer((request, response) => {
  if (VERSION === 'sick') response.writeHead(500);
  response.end(VERSION === 'sick' ? \`\${MARKER} \${DATABASE_URL} \${API_KEY}\` : JSON.stringify({ version: VERSION }));
}).listen(Number(PORT), HOST);
process.once('SIGTERM', () => process.exit(0));
`;

const build = `
const { VERSION, API_KEY, OWNER_URL, MARKER } = process.env;
console.log(MARKER, API_KEY, OWNER_URL);
if (VERSION === 'unbuilt') process.exit(4);
`;

const migrate = `
const { SAVEPOINT_VERSION, DATABASE_URL, PGPASSWORD, API_KEY, SERVICE_URL, MARKER } = process.env;
console.log(MARKER, DATABASE_URL, PGPASSWORD, API_KEY, SERVICE_URL);
if (process.argv[2] === 'unmigrated') process.exit(5);
`;

/** How each version of the real application ends; the first one is good. */
export const realVersions: readonly { version: string; outcome: string; answer?: string; shows: boolean }[] = [
  { version: 'good', outcome: 'released', shows: false },
  { version: 'unbuilt', outcome: 'stopped', shows: true },
  { version: 'unmigrated', outcome: 'rolled-back', shows: true },
  { version: 'crashes', outcome: 'rolled-back', shows: true },
  { version: 'complains', outcome: 'rolled-back', shows: true },
  { version: 'sick', outcome: 'rolled-back', shows: true },
];

const apiKey = '${file:keys/api}';
const files = './versions/${version}';

/** A database and a service whose programs print what they were given, and what the worker has. */
export async function realPlan(world: SecretWorld): Promise<object> {
  for (const { version } of realVersions) {
    await world.write(`versions/${version}/backend/server.mjs`, service);
    await world.write(`versions/${version}/backend/build.mjs`, build);
    await world.write(`versions/${version}/migrate.mjs`, migrate);
  }
  return {
    application: 'real',
    environment: 'test',
    people: { 'deployment-lead': { name: 'Deployment lead' } },
    questions: { deciders: ['deployment-lead'], deadline: '30m' },
    targets: { database, backend: { ...backend, ports: [await freePort(), await freePort()] } },
  };
}

const database = {
  kind: 'postgres',
  url: '${env:OWNER_URL}/real',
  writers: ['backend'],
  compatibility: 'backward',
  savepoint: { by: 'template', maxHold: '30s' },
  migrate: {
    command: ['node', `${files}/migrate.mjs`, '${version}', '${env:API_TOKEN}'],
    env: { API_KEY: apiKey },
    files: [`${files}/migrate.mjs`],
    repeatable: true,
  },
};

const backend = {
  kind: 'process',
  root: './run/backend',
  source: `${files}/backend`,
  build: { command: ['node', 'build.mjs'], env: { API_KEY: apiKey } },
  run: ['node', 'server.mjs'],
  env: { DATABASE_URL: '${env:SERVICE_URL}/real', API_KEY: apiKey },
  health: { timeout: '3s', every: '50ms', version: '$.version' },
  logs: { errors: 'ERROR', within: '500ms' },
};
