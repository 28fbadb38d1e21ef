import { TargetFailure } from '../../../release/failure.ts';
import { userSchema } from '../catalogue.ts';
import { identifier, type Session } from '../connection.ts';
import { sqlState } from '../failures.ts';

type Trigger = { table: string; name: string; enabled: 'O' | 'R' | 'A' };

const modes = { O: 'enable trigger', R: 'enable replica trigger', A: 'enable always trigger' } as const;

/**
 * Triggers of the application fired when its users wrote, and must not fire again. Foreign keys stay in force.
 * @returns statements after which everything is as it was
 * @throws TargetFailure `permission` when the role may not
 */
export async function silenceTriggers(session: Session): Promise<string[]> {
  const triggers = await session.rows<Trigger>(
    `select format('%I.%I', n.nspname, c.relname) as "table", t.tgname::text as name, t.tgenabled::text as enabled
       from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
      where not t.tgisinternal and t.tgenabled <> 'D' and c.relkind in ('r', 'p') and ${userSchema} order by 1, 2`,
  );
  for (const { table, name } of triggers) {
    await session.run(`alter table only ${table} disable trigger ${identifier(name)}`).catch((error: unknown) => {
      if (sqlState(error) !== '42501') throw error;
      throw new TargetFailure('permission', `the role in url may not switch off the trigger ${name} of ${table}`, {
        remedy: 'let Savepoint connect as the owner of the tables, or export the rows',
      });
    });
  }
  return triggers.map(({ table, name, enabled }) => `alter table only ${table} ${modes[enabled]} ${identifier(name)}`);
}
