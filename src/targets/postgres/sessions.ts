import { TargetFailure } from '../../release/failure.ts';
import { pause, type Session } from './connection.ts';

export type Foreign = { pid: number; role: string | null; application: string; kind: string; super: boolean };

/** Everybody in a database but the named session names. The server's own helpers come and go by themselves. */
export function foreignSessions(session: Session, database: string, ours: string[] = []): Promise<Foreign[]> {
  return session.rows<Foreign>(
    `select a.pid, a.usename as role, coalesce(a.application_name, '') as application, coalesce(a.backend_type, '') as kind,
            coalesce(r.rolsuper, false) as super
       from pg_stat_activity a left join pg_roles r on r.oid = a.usesysid
      where a.datname = $1 and a.pid <> pg_backend_pid() and not a.application_name = any ($2)
        and coalesce(a.backend_type, '') not in ('autovacuum worker', 'parallel worker')
      order by a.pid`,
    [database, ours],
  );
}

const lookAgainMs = 20;
/** Nobody can keep a superuser out, or the role that works here; whoever reconnects by itself does so within this. */
const watchForReturnMs = 1_500;

/**
 * Ends everybody in a database but the named session names, until nobody came back between two looks. After somebody
 * who cannot be kept out by `keptOut` it looks for longer.
 * @returns how many were ended
 * @throws TargetFailure `refused` when somebody is still or again there after `patienceMs`
 */
export async function endForeignSessions(
  session: Session,
  database: string,
  options: { ours: string[]; patienceMs: number; keptOut: (one: Foreign) => boolean },
): Promise<number> {
  const deadline = Date.now() + options.patienceMs;
  const ended = new Set<number>();
  let quietMs = lookAgainMs;
  let quietSince = Date.now();
  do {
    const present = await foreignSessions(session, database, options.ours);
    for (const one of present) {
      ended.add(one.pid);
      if (!options.keptOut(one)) quietMs = watchForReturnMs;
      await session.rows('select pg_terminate_backend($1)', [one.pid]);
    }
    if (present.length > 0) quietSince = Date.now();
    if (present.length > 0 && Date.now() > deadline) throw stillThere(database, present);
    await pause(lookAgainMs);
  } while (Date.now() - quietSince < quietMs);
  return ended.size;
}

function stillThere(database: string, present: Foreign[]): TargetFailure {
  const named = present
    .slice(0, 5)
    .map((one) => `${one.role ?? one.kind} (${one.application || 'no application name'})`);
  return new TargetFailure('refused', `sessions in ${database} cannot be kept out: ${[...new Set(named)].join(', ')}`, {
    remedy:
      'give writers a role of their own that is neither a superuser nor the role of Savepoint, or stop them first',
  });
}

/** Roles that may still log in to a database, superusers left out because nobody can keep them out. */
export async function rolesLetIn(session: Session, database: string): Promise<string[]> {
  const rows = await session.rows<{ role: string }>(
    `select rolname as role from pg_roles
      where rolcanlogin and not rolsuper and rolname <> current_user and has_database_privilege(oid, $1, 'CONNECT')
      order by 1`,
    [database],
  );
  return rows.map((row) => row.role);
}

/** Roles and application names, for people. */
export function named(sessions: Foreign[]): string {
  const all = sessions.map((one) => `${one.role ?? one.kind} (${one.application || 'no application name'})`);
  return [...new Set(all)].slice(0, 5).join(', ');
}
