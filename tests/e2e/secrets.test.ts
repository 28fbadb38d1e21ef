import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { savepoint } from '../cli/command.ts';
import { filesBelow, halvesOf, type Leak, leaksIn, type Place, textPlace, toldByTemporal } from '../support/leaks.ts';
import { memoryScenarios, type Scenario } from '../support/secret-plans.ts';
import { realPlan, realVersions } from '../support/secret-versions.ts';
import { marker, openSecretWorld, type SecretWorld, secrets } from '../support/secret-world.ts';

/** A whole secret is found by its halves as well. */
const wanted = halvesOf(secrets);

/** Where users keep a secret themselves: the key file, the log of their service, and what their command told its host. */
const ownFiles = /node_modules|keys.api$|backend.*\.log$|\/runs\/save-[^/]+$/;

let world: SecretWorld;
let told: Place[];
let files: Place[];
let printed: Place[];
let surprises: string[];

/** Names of what leaked and where, with the bytes around it for whoever has to find the cause. */
function shown(leaks: Leak[]): string[] {
  return leaks.map(({ secret, place, around }) => `${secret} in ${place}: ${around}`);
}

/** A release that ends in its own way; rejects when it was another one. */
async function tried(
  name: string,
  { plan, outcome, answer, shows, says = '' }: Scenario,
  version = 'v2',
): Promise<void> {
  const status = await world.release(plan, { version, ...(answer === undefined ? {} : { answer }) });
  const seen = { outcome: status.outcome, shows: JSON.stringify(status).includes('[redacted]') };
  expect({ name, ...seen }, status.failure?.message).toEqual({ name, outcome, shows });
  expect(status.failure?.message ?? '', name).toContain(says);
}

async function triedInOrder(): Promise<void> {
  const plan = await realPlan(world);
  for (const { version, ...rest } of realVersions) await tried(version, { plan, ...rest }, version);
}

/** Every release of applications in memory at once, those of the real one in order. Returns what nobody expected. */
async function releaseAll(): Promise<string[]> {
  const runs = Object.entries(memoryScenarios(world)).map(([name, scenario]) => tried(name, scenario));
  const settled = await Promise.allSettled([...runs, triedInOrder()]);
  return settled.flatMap((run) => (run.status === 'rejected' ? [String(run.reason)] : []));
}

/** What the command line prints of a release that it starts, follows and reports, and of all others. */
async function printedByCommandLine(): Promise<Place[]> {
  const { home, env, temporal } = world;
  const surroundings = { cwd: home, env: { ...env, TEMPORAL_ADDRESS: temporal.address, SAVEPOINT_HOST: 'test' } };
  const about = ['--plan', 'own-env.yaml'];
  const who = ['--by', 'deployment-lead', '--yes', '--approver', 'product-owner'];
  const lines = [
    // It was rolled back before, and comes again because somebody says so.
    ['start', 'v2', ...about, ...who, '--again', 'the reason is gone'],
    ['status', 'release/own-env/test'],
    ['status', 'release/own-env/test', '--json'],
    ['report', 'release/worker-env/test'],
    ['list', '--all'],
    ['plan', 'v2', ...about],
    ['doctor', ...about],
    ['start', 'v2', '--plan', 'no-such-key.yaml', ...who],
  ];
  const places: Place[] = [];
  for (const words of lines) {
    const { stdout, stderr } = await savepoint(words, surroundings);
    places.push(textPlace(`savepoint ${words.join(' ')}`, `${stdout}\n${stderr}`));
  }
  return places;
}

/** The database in which Savepoint keeps its fences, as text. */
async function keptByPostgres(): Promise<Place> {
  const { postgres } = world;
  const tables = await postgres.sql(
    `select format('%I.%I', schemaname, tablename) as name from pg_tables
      where schemaname not in ('pg_catalog', 'information_schema')`,
    'savepoint',
  );
  const rows = await Promise.all(
    tables.map(({ name }) => postgres.sql(`select row_to_json(t) as row from ${name} t`, 'savepoint')),
  );
  return textPlace('database of fences', JSON.stringify(rows, null, 1));
}

beforeAll(async () => {
  world = await openSecretWorld();
  surprises = await releaseAll();
  printed = await printedByCommandLine();
  told = [...(await toldByTemporal(world.temporal.client)), await keptByPostgres()];
  await world.stop();
  files = [...(await filesBelow(world.folder, ownFiles)), textPlace('worker', world.worker.said())];
}, 240_000);

afterAll(async () => {
  await world?.stop();
  await world?.remove();
});

describe('after releases that failed in words which held secrets', () => {
  it('each ended as it had to, and would have shown a secret where it could', () => {
    expect(surprises).toEqual([]);
  });

  it('the search finds what is there', async () => {
    const found = leaksIn([...told, ...files, ...printed], { marker });
    const places = found.map(({ place }) => place);
    for (const kind of [
      'history, decoded',
      'details',
      'status',
      'temporal.db',
      'report.html',
      'report.json',
      'report.md',
      'savepoint start',
      'savepoint status',
      'savepoint report',
    ])
      expect(
        places.filter((place) => place.includes(kind)),
        kind,
      ).not.toEqual([]);
    expect(places.filter((place) => place.includes('fences'))).toEqual([]);
    expect(told.at(-1)?.bytes.toString()).toContain('real');
    expect(await readFile(world.dataFile, 'latin1')).toContain('[redacted]');
  });

  it('no secret is in any history, description, details or status', () => {
    expect(shown(leaksIn(told, wanted))).toEqual([]);
  });

  it('no secret is in any file: the database of Temporal, records, bundles, logs of the worker', () => {
    expect(shown(leaksIn(files, wanted))).toEqual([]);
  });

  it('no secret is in what the command line prints', () => {
    expect(shown(leaksIn(printed, wanted))).toEqual([]);
  });
});
