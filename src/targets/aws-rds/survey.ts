import { TargetFailure } from '../../release/failure.ts';
import type { Call, Finding, Survey } from '../../release/target.ts';
import { surveyWith } from '../postgres/survey.ts';
import type { AwsRdsSpec } from './aws-rds.schema.ts';
import { type Instance, theInstance } from './instances.ts';
import { surveyInstance } from './obstacles.ts';
import { databaseCall } from './place.ts';
import { surveyNames, surveyQuotas } from './room.ts';
import { followers } from './strays.ts';

type Rds = Call<AwsRdsSpec>;

/**
 * Can it be changed, and can every undo be done? Asks only what any release has to ask anyway, so that a right that is
 * missing shows here. Changes nothing.
 */
export async function survey(call: Rds): Promise<Survey> {
  const instance = await theInstance(call.spec).catch(asFinding);
  if ('status' in instance && 'what' in instance) return { findings: [instance], running: null };
  const database = await surveyWith(databaseCall(call), async (_call, session, { database: name }) => {
    const [row] = await session.rows<{ bytes: string }>('select pg_database_size($1)::text as bytes', [name]);
    return [roomOnCopy(instance, Number(row?.bytes ?? 0))];
  });
  const findings = [
    ...surveyInstance(call, instance),
    ...(await careful(() => surveyQuotas(call, instance))),
    ...(await careful(() => surveyNames(call))),
    ...(await careful(() => followers(call, instance))),
    ...database.findings,
  ];
  // The instance by its resource id: another one of the same name is another one.
  const running = database.running === null ? null : `${database.running} on ${instance.resourceId}`;
  return { findings, running };
}

/** What AWS refuses while it is asked is a finding; what is no answer at all stays a failure. */
function asFinding(error: unknown): Finding {
  const kinds = ['permission', 'not-found', 'refused', 'invalid-input', 'failed'];
  if (!(error instanceof TargetFailure) || !kinds.includes(error.kind)) throw error;
  return { status: 'FAIL', what: error.message, remedy: error.details.remedy ?? 'look at it with the AWS console' };
}

async function careful(ask: () => Promise<Finding[]>): Promise<Finding[]> {
  return await ask().catch((error: unknown) => [asFinding(error)]);
}

/**
 * A restored instance has as much storage as the saved one; on it are the restored database, the copy that rows are
 * carried into and the reference by which the release's own rows are told apart.
 */
function roomOnCopy({ settings }: Instance, bytes: number): Finding {
  const has = Number(settings.storage ?? 0) * 2 ** 30;
  const limit = Number(settings['storage autoscaling limit'] ?? 0) * 2 ** 30;
  const gib = (value: number) => `${(value / 2 ** 30).toFixed(1)} GiB`;
  const what = `a restored instance needs ${gib(bytes * 3)} for the database and two copies, and has ${gib(has)}`;
  if (bytes * 3 < has) return { status: 'PASS', what };
  if (bytes * 3 < limit) return { status: 'WARN', what: `${what}; storage autoscaling may come too late` };
  return { status: 'FAIL', what, remedy: 'give the instance more storage before the release' };
}
