import { comparisonOf } from './comparison.ts';
import type { GoingBack } from './copies.ts';
import { type Databases, inDatabases, ownComparison, sideOf, tablesNow } from './databases.ts';
import type { Reference } from './reference.ts';
import { readSums } from './sums.ts';
import type { Tables } from './tables.ts';

/**
 * Adds up, while nobody is held, what a loss will ask of the copy and of the reference, so that only the current
 * database is read while writers wait. What was read for the proof of the copy is there already.
 */
export async function prepareSums(back: GoingBack, copy: string | null, reference: Reference): Promise<void> {
  const { call, claim, progress } = back;
  const now = await tablesNow(claim);
  await inDatabases(claim, { copy, reference, key: call.key, alone: true }, async (databases) => {
    for (const name of [...databases.reference.tables.keys()].sort()) {
      progress.signal.throwIfAborted();
      progress.tell(`adding up ${name}`);
      await prepareTable(databases, now, name);
    }
  });
}

async function prepareTable(databases: Databases, tables: Tables, name: string): Promise<void> {
  const before = sideOf(databases.reference, name);
  const now = tables.get(name);
  if (before === null || before.table.foreign) return;
  const own = databases.own ? ownComparison(databases, name) : null;
  if (own !== null) await Promise.all([own.before, own.now].map((side) => readSums(own, side)));
  if (now === undefined || now.foreign) return;
  await readSums(comparisonOf(before, { session: before.session, table: now }, []), before);
}
