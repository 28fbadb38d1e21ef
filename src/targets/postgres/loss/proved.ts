import type { Session } from '../connection.ts';
import { type ContentReader, type Facts, marked, readAs, readContent } from '../fingerprint.ts';
import { comparisonOf, type KeptSums } from './comparison.ts';
import { readSums, summingSettings, sumsQuery, totalOf } from './sums.ts';
import { readExtents, readTables, type Tables } from './tables.ts';
import { isWhole } from './texts.ts';

/**
 * Reads a copy for its proof, and keeps the sums of the parts from the same reading: those that a comparison with a
 * table of the same columns asks for.
 */
export function contentAndSums(saved: Facts, kept: KeptSums): ContentReader {
  let tables: Promise<Tables> | null = null;
  return async (session, now) => {
    const table = readAs(saved, now);
    tables ??= tablesOf(session);
    const found = (await tables).get(table.name);
    if (found === undefined || !table.only || found.from !== `only ${table.quoted}`) return readContent(session, table);
    const side = { session, table: found, kept: null };
    const comparison = comparisonOf(side, { session, table: found }, []);
    if (!isWhole(comparison) || found.binary !== table.plain) return readContent(session, table);
    // Read anew in any case: this is the proof.
    const sums = await readSums(comparison, side);
    await kept.keep(sumsQuery(comparison, side), sums);
    return marked(totalOf(sums), table.plain);
  };
}

async function tablesOf(session: Session): Promise<Tables> {
  await session.run(summingSettings.join('; '));
  const tables = await readTables(session);
  await readExtents(session, tables);
  return tables;
}
