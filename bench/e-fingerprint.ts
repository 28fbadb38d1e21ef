import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { fingerprint } from '../src/targets/postgres/compare.ts';
import type { Measurement } from './measurement.ts';
import { type Percentiles, percentiles } from './numbers.ts';
import { type Also, compared, rounded } from './outcome.ts';
import { inPairs, timed } from './pairs.ts';
import { callsOf, dropAll, fill, type PostgresCall, rowsPerMb, type Server, startServer } from './postgres.ts';
import type { Scope } from './scope.ts';

/** What people write first: every row in order, hashed once more. */
const orderedHash = `select md5(string_agg(md5(t::text), '' order by id)) from orders t`;

type Speed = { mb: number; ours: number; peer: number };

/** (e) How fast a database is fingerprinted row by row, how that grows, and what the application feels of it. */
export const fingerprinting: Measurement = async ({ scope, quick, say }) => {
  const server = await startServer(scope);
  const home = await scope.folder();
  const sizes = quick ? [8, 16, 32] : [64, 256, 1024];
  const speeds: Speed[] = [];
  let felt: Felt | null = null;
  for (const size of sizes) {
    const { mb } = await fill(server, 'shop', size * rowsPerMb);
    const call = callsOf(server, 'shop', home);
    const found = await inPairs(quick ? 1 : 3, {
      ours: () => timed(() => fingerprint(call('fingerprint'))),
      peer: () => timed(() => server.sql(orderedHash, 'shop')),
    });
    speeds.push({ mb, ours: (mb / found.ours) * 1000, peer: (mb / found.peer) * 1000 });
    say(`${Math.round(mb)} MB: ${rounded((mb / found.ours) * 1000)} MB/s`);
    if (size === sizes.at(-1)) felt = await feel(scope, server, { call, seconds: quick ? 4 : 30 });
    await dropAll(server, 'shop');
  }
  const first = speeds[0] as Speed;
  const last = speeds.at(-1) as Speed;
  return {
    ...compared('content fingerprint, against an ordered md5 of all rows', 'MB/s', last),
    id: 'e',
    target: null,
    met: null,
    also: [
      ...speeds.map((each) => compared(`at ${Math.round(each.mb)} MB`, 'MB/s', each)),
      compared(`growth: ms for each MB at ${Math.round(last.mb)} MB, against ${Math.round(first.mb)} MB`, 'ms/MB', {
        ours: 1000 / last.ours,
        peer: 1000 / first.ours,
      }),
      ...(felt === null ? [] : feltLines(felt)),
    ],
    notes: [
      'sizes are of the whole database with its indexes; one session, whose big tables PostgreSQL reads with parallel workers; medians of interleaved pairs',
      `the application writes an order and reads one back, ${perSecond} times a second in an open model, timed from when it meant to; the fingerprint runs on the same server without a pause meanwhile`,
    ],
  };
};

type Felt = { without: Percentiles; during: Percentiles };

function feltLines({ without, during }: Felt): Also[] {
  return [
    compared('p99 of the application during it, against without it', 'ms', { ours: during.p99, peer: without.p99 }),
    compared('median of the application during it, against without it', 'ms', { ours: during.p50, peer: without.p50 }),
  ];
}

type Feeling = { call: (key: string) => PostgresCall; seconds: number };

async function feel(scope: Scope, server: Server, { call, seconds }: Feeling): Promise<Felt> {
  const connectionString = server.url('shop');
  const pool = await scope.open(
    async () => new pg.Pool({ connectionString, max: 10 }),
    (each) => each.end(),
  );
  pool.on('error', () => undefined);
  await load(pool, 1);
  const without = await load(pool, seconds);
  let over = false;
  const busy = (async () => {
    while (!over) await fingerprint(call('fingerprint'));
  })();
  const during = await load(pool, seconds);
  over = true;
  await busy;
  return { without, during };
}

const perSecond = 50;

async function load(pool: pg.Pool, seconds: number): Promise<Percentiles> {
  const times: number[] = [];
  const begun = performance.now();
  const open: Promise<void>[] = [];
  for (let count = 0; count < seconds * perSecond; count += 1) {
    const due = begun + (count * 1000) / perSecond;
    const early = due - performance.now();
    // Timers cut fractions off, and nothing may be sent before its time.
    if (early > 0) await sleep(Math.ceil(early));
    open.push(
      order(pool, count).then(() => {
        times.push(performance.now() - due);
      }),
    );
  }
  await Promise.all(open);
  return percentiles(times);
}

async function order(pool: pg.Pool, count: number): Promise<void> {
  await pool.query('insert into orders (customer, product, note) values ($1, $2, $3)', [
    count,
    1 + (count % 1000),
    'an order',
  ]);
  await pool.query('select * from orders where id = $1', [1 + count]);
}
