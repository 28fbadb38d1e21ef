import { withSession } from '../postgres/connection.ts';
import { sqlState } from '../postgres/failures.ts';
import { stillNewest } from '../postgres/fence.ts';
import type { Apart } from './apart.ts';
import { noteWarmed, readExchange } from './records.ts';

/** `schema.table` or `table`, as a name that the server looks up. */
function relation(table: string): string {
  return table.includes('.') ? table : `public.${table}`;
}

/**
 * Reads the named tables from their storage, which RDS loads lazily after a restore (RDS guide, "Restoring to a DB
 * instance"), with their indexes where pg_prewarm is there. What is not read within the budget is left cold; nothing fails.
 * @returns tables that were read
 */
export async function warm({ call, back }: Apart): Promise<string[]> {
  const wanted = call.spec.restore.warm;
  if (wanted === null) return [];
  const { claim, progress } = back;
  const known = await readExchange(claim.maintenance, call.key);
  if (known !== null && known.warmed.length > 0) return known.warmed;
  const deadline = Date.now() + wanted.within;
  const warmed: string[] = [];
  await withSession({ ...claim, database: claim.place.database }, async (session) => {
    await stillNewest(claim);
    for (const table of wanted.tables) {
      const leftMs = deadline - Date.now();
      if (leftMs <= 0) break;
      progress.signal.throwIfAborted();
      progress.tell(`warming ${table}`);
      await session.run(`set statement_timeout to ${Math.max(1, Math.ceil(leftMs))}`);
      const read = await warmTable(session, relation(table)).catch((error: unknown) => {
        if (sqlState(error) === '57014') return false;
        throw error;
      });
      if (read) warmed.push(table);
    }
  });
  if (warmed.length < wanted.tables.length) {
    call.log.warn('not every table was warmed', { warmed, wanted: wanted.tables });
  }
  await noteWarmed(claim.maintenance, call.key, warmed);
  return warmed;
}

type Asking = Parameters<Parameters<typeof withSession>[1]>[0];

/** @returns false where there is no such table */
async function warmTable(session: Asking, name: string): Promise<boolean> {
  const [found] = await session.rows<{ quoted: string | null; prewarm: boolean }>(
    `select to_regclass($1)::text as quoted, exists (select from pg_extension where extname = 'pg_prewarm') as prewarm`,
    [name],
  );
  if (found?.quoted == null) return false;
  // Every column has to be read, or values that are stored apart stay cold.
  await session.run(`select sum(length(warmed::text)) from ${found.quoted} as warmed`);
  if (found.prewarm) {
    await session.rows(`select pg_prewarm(indexrelid) from pg_index where indrelid = to_regclass($1)`, [name]);
  }
  return true;
}
