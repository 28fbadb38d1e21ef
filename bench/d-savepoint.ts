import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { fingerprint } from '../src/targets/postgres/compare.ts';
import type { Measurement } from './measurement.ts';
import { median } from './numbers.ts';
import { compared, type Outcome, rounded } from './outcome.ts';
import { timed } from './pairs.ts';
import {
  addOrders,
  type BroughtBack,
  bringBack,
  callsOf,
  dropAll,
  fill,
  rowsPerMb,
  type Server,
  startServer,
  takeSavepoint,
} from './postgres.ts';

const run = promisify(execFile);
const limit = 1 / 3;
const jobs = availableParallelism();

type Way = { dump: string[]; restore: string[] };
type Taken = { dumpMs: number; restoreMs: number };
/** `proofMs`: of one fingerprint of every row, measured by itself. */
type Ours = BroughtBack & { savingMs: number; savingHeldMs: number; proofMs: number };

/** As Savepoint itself calls them where a plan says `by: dump`, and as most people do. */
const usual: Way = { dump: ['-Fc'], restore: [`-j${jobs}`] };
/** As fast as the two go: a directory without compression, many times the size. */
const fastest: Way = { dump: ['-Fd', '-Z0', `-j${jobs}`], restore: [`-j${jobs}`] };

/** (d) A savepoint and the way back to it, against a dump and restoring it beside. */
export const savepoint: Measurement = async ({ scope, quick, say }) => {
  const server = await startServer(scope);
  const home = await scope.folder();
  const filled = await fill(server, 'shop', (quick ? 32 : 1024) * rowsPerMb);
  say(`a database of ${Math.round(filled.mb)} MB, ${filled.rows} orders`);
  const ours: Ours[] = [];
  const peer: Taken[] = [];
  for (let round = 0; round < (quick ? 1 : 3); round += 1) {
    const one = await dumped(server, home, usual);
    const other = await saved(server, home);
    peer.push(one);
    ours.push(other);
    say(
      `round ${round + 1}: ours ${Math.round(totalOf(other))} ms, pg_dump and pg_restore ${Math.round(one.dumpMs + one.restoreMs)} ms`,
    );
  }
  const uncompressed = await dumped(server, home, fastest);
  return outcomeOf(filled.mb, { ours, peer, uncompressed });
};

type Found = { ours: readonly Ours[]; peer: readonly Taken[]; uncompressed: Taken };

function outcomeOf(mb: number, { ours, peer, uncompressed }: Found): Outcome {
  const of = (key: Exclude<keyof Ours, 'proved'>): number => median(ours.map((each) => each[key]));
  const theirs = (part: (taken: Taken) => number): number => median(peer.map(part));
  const total = { ours: median(ours.map(totalOf)), peer: theirs(({ dumpMs, restoreMs }) => dumpMs + restoreMs) };
  const ratio = rounded(total.ours / total.peer);
  return {
    ...compared(`savepoint and restore of ${Math.round(mb)} MB, proved, against pg_dump and pg_restore`, 'ms', total),
    id: 'd',
    ratio,
    target: 'at least 3 times faster',
    met: ratio <= limit,
    also: [
      compared('against a dump of files without compression, by as many jobs as processors', 'ms', {
        ours: total.ours,
        peer: uncompressed.dumpMs + uncompressed.restoreMs,
      }),
      compared('without the two proofs, which the peer has not, either', 'ms', {
        ours: total.ours - 2 * of('proofMs'),
        peer: total.peer,
      }),
      compared('savepoint, with its fingerprint of every row, against pg_dump', 'ms', {
        ours: of('savingMs'),
        peer: theirs(({ dumpMs }) => dumpMs),
      }),
      compared('restore: copy beside with its proof, hold, exchange; against pg_restore', 'ms', {
        ours: of('besideMs') + of('heldMs') - of('lossMs'),
        peer: theirs(({ restoreMs }) => restoreMs),
      }),
      compared('savepoint and restore with the loss measured to the row, against the same two', 'ms', {
        ours: total.ours + of('lossMs'),
        peer: total.peer,
      }),
      compared('writers held by the savepoint', 'ms', { ours: of('savingHeldMs'), peer: 0 }),
      compared('writers held by the restore, with measuring the loss', 'ms', { ours: of('heldMs'), peer: null }),
      compared('of it, measuring the loss', 'ms', { ours: of('lossMs'), peer: null }),
      compared('of it, nobody can connect', 'ms', { ours: of('swapMs'), peer: null }),
    ],
    notes: notesOn(ours),
  };
}

function notesOn(ours: readonly Ours[]): string[] {
  const last = ours.at(-1);
  return [
    `medians of ${ours.length} interleaved rounds on one PostgreSQL; pg_dump -Fc, pg_restore -j${jobs}, as Savepoint calls them where a plan says by: dump; they hold nobody and prove nothing`,
    `the restore was proved at the level ${last?.proved} and undid ${last?.rows} rows that were written since`,
  ];
}

/** Without measuring the loss, which the peer does not do either. */
function totalOf({ savingMs, besideMs, heldMs, lossMs }: Ours): number {
  return savingMs + besideMs + heldMs - lossMs;
}

const writtenSince = 1000;

async function saved(server: Server, home: string): Promise<Ours> {
  const call = callsOf(server, 'shop', home);
  const { savepoint: taken, ms, heldMs } = await takeSavepoint(call('save'));
  const proofMs = await timed(() => fingerprint(call('fingerprint')));
  await addOrders(server, 'shop', writtenSince);
  const back = await bringBack(call, { savepoint: taken });
  // The next round begins with one database again.
  const left = await server.sql(`select datname from pg_database where datname ~ '^shop_'`);
  for (const { datname } of left) await server.sql(`drop database "${datname}" with (force)`);
  return { ...back, savingMs: ms, savingHeldMs: heldMs, proofMs };
}

async function dumped(server: Server, home: string, way: Way): Promise<Taken> {
  const file = join(home, 'dump');
  const name = 'restored';
  const program = (tool: string, words: string[]): Promise<number> => timed(() => run(join(server.bin, tool), words));
  await server.sql('checkpoint');
  const dumpMs = await program('pg_dump', [...way.dump, '-f', file, server.url('shop')]);
  await server.sql(`create database ${name}`);
  const restoreMs = await program('pg_restore', [...way.restore, '-d', server.url(name), file]);
  await dropAll(server, name);
  await rm(file, { recursive: true, force: true });
  return { dumpMs, restoreMs };
}
