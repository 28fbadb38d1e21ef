import type { TargetFailure } from '../../release/failure.ts';
import type { Finding } from '../../release/target.ts';
import type { Session } from './connection.ts';
import { sqlState } from './failures.ts';

/** PgBouncer says everything with this code, PostgreSQL only when two programs speak different protocols. */
const protocolViolation = '08P01';

const behindPooler: Finding = {
  status: 'FAIL',
  what:
    '`url` leads through a connection pooler: locks and settings of a session do not survive there, and it keeps ' +
    'sessions open in databases that are to be copied and renamed',
  remedy: 'let `url` name the server itself; the application may go on using the pooler',
};

/** Is there somebody between here and the server who shares its sessions out? */
export function surveyPooler(session: Session): Finding[] {
  return session.direct ? [] : [behindPooler];
}

/** The finding for a connection that a pooler refused; null when it was not one. */
export function refusedByPooler(failure: TargetFailure): Finding | null {
  return sqlState(failure) === protocolViolation ? behindPooler : null;
}
