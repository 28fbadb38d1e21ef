import type { Call, Finding, Seen } from '../../../release/target.ts';
import { type Session, withSession } from '../connection.ts';
import { applicationName, placeOf } from '../names.ts';
import type { PostgresSpec } from '../postgres.schema.ts';
import { readSchema } from '../rules/schema.ts';
import { declaredOf, excerpt, type Hit, judged } from '../rules/table.ts';
import { differences, type Outcome } from './difference.ts';
import { longLocks, type Told, toldStatements } from './statements.ts';
import { type Before, readBefore, readServer, readWitnessed } from './witness.ts';

/** More are not kept: a report that nobody reads to its end helps nobody. */
const mostStatements = 100;

/** What happened in a scratch. `call.spec` is the scratch's. */
export async function seen(call: Call<PostgresSpec>): Promise<Seen> {
  const place = placeOf(call.spec);
  const claimsRepeatable = call.spec.migrate?.repeatable === true;
  return withSession({ place, database: place.database, application: applicationName(call) }, async (session) => {
    const before = await readBefore(session);
    if (before === null) return { statements: [], findings: [], claimsRepeatable };
    const told = before.watched ? toldStatements(await readWitnessed(session)) : [];
    const hits = [...(await outcomes(session, before, told)), ...longLocks(told), ...(await beyond(session, before))];
    const findings = judged(hits, declaredOf(call.compatibility), call.spec.migrate?.accept ?? []);
    const statements = told.slice(0, mostStatements).map(({ objects: _, ...statement }) => statement);
    return { statements, findings: [...findings, ...unwatched(before)], claimsRepeatable };
  });
}

function unwatched({ watched }: Before): Finding[] {
  if (watched) return [];
  const what = 'the role may not let the server tell of statements, so their locks are not known';
  return [{ status: 'WARN', what, remedy: 'let Savepoint connect as a superuser where rehearsals must tell locks' }];
}

/** What the files already told is not said again. */
async function outcomes(session: Session, before: Before, told: readonly Told[]): Promise<Hit[]> {
  const found = differences(before.schema, await readSchema(session));
  return found
    .filter(({ object, hit }) => !before.hits.some(({ rule, what }) => rule === hit.rule && names(what, object)))
    .map((outcome) => ({ ...outcome.hit, statement: statementOf(outcome, told) }));
}

/** As a whole name, not as the beginning or the end of a longer one. */
function names(what: string, object: string): boolean {
  const parts = what.split(object);
  return parts.slice(1).some((rest, index) => !/^\w/.test(rest) && !/[\w.]$/.test(parts[index] ?? ''));
}

/** The last statement about the object, or about the table that it belongs to. */
function statementOf({ object, now }: Outcome, told: readonly Told[]): string | null {
  const table = object.split('.').slice(0, 2).join('.');
  const about = (name: string) => told.findLast(({ objects }) => objects.includes(name));
  const statement = (now === undefined ? undefined : about(now)) ?? about(object) ?? about(table);
  return statement === undefined ? null : excerpt(statement.text);
}

const words: Record<string, string> = {
  roles: 'roles',
  members: 'members of roles',
  database: 'the database that users have',
};

async function beyond(session: Session, before: Before & { of: string }): Promise<Hit[]> {
  const now = await readServer(session, before.of);
  return Object.keys(words)
    .filter((name) => now[name] !== before.server[name])
    .map((name) => {
      const what = `${words[name]} changed while the migration was tried: no savepoint brings that back`;
      return { rule: 'server-wide', what, where: null, statement: null } as const;
    });
}
