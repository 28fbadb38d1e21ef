import { TargetFailure } from '../../release/failure.ts';
import { prove } from '../../release/fingerprint.ts';
import type { RehearsalName } from '../../release/rehearsal.ts';
import type { Staged } from '../../release/target.ts';
import { ask } from './asking.ts';
import { callFor, driven, onScratch, part, type Service, type Trial } from './trial.ts';

type Running = { service: Service; which: 'previous' | 'new'; name: RehearsalName };

/**
 * Runs the previous version on the migrated copy, lets the new one write, and runs the previous one again. Stops at the
 * first that does not work.
 */
export async function tryVersions(trial: Trial): Promise<void> {
  const { service, input } = trial;
  if (service === null) return;
  const { checks, writes } = input.rehearsal;
  const before = await runVersion(trial, { service, which: 'previous', name: 'previous version' }, checks);
  if (before === false) return;
  const wrote = await runVersion(trial, { service, which: 'new', name: 'new version writes' }, writes);
  if (wrote !== true || before === 'none') return;
  await runVersion(trial, { service, which: 'previous', name: 'previous version again' }, checks);
}

type Checks = Trial['input']['rehearsal']['checks'];

/** @returns whether it worked, `none` where there is no such version yet */
async function runVersion(trial: Trial, running: Running, checks: Checks): Promise<boolean | 'none'> {
  const { service, name } = running;
  const whose = `${name} of ${service.call.target} on the migrated copy`;
  const ran = await part(trial, { name, said: whose, work: () => runAndAsk(trial, running, { checks, whose }) });
  await driven(trial, () => service.kind.unstage(callFor(service.call, `end ${name}`)));
  return ran === 'failed' ? false : ran.value;
}

async function runAndAsk(
  trial: Trial,
  { service, which, name }: Running,
  { checks, whose }: { checks: Checks; whose: string },
): Promise<boolean | 'none'> {
  const { kind, input } = trial;
  const address = addressOf(trial, service);
  const structure = () => kind.structure(onScratch(trial, 'structure'));
  const before = await structure();
  const seenBefore = (await kind.seen(onScratch(trial, 'seen'))).statements.length;
  const call = callFor(service.call, name);
  const staged: Staged | null = await driven(trial, () =>
    service.kind.stage(call, which, { [input.rehearsal.variable]: address }),
  );
  if (staged === null) {
    trial.findings.push({ status: 'PASS', what: `no version of ${service.call.target} runs yet, so none was tried` });
    return 'none';
  }
  const good = await ask(trial, checks, { name, whose, addresses: { service: staged.url, database: address } });
  const changes = prove(before, await structure()).differences.map(({ part: changed }) => changed);
  if (changes.length === 0) return good;
  const { statements } = await kind.seen(onScratch(trial, 'seen'));
  const statement = statements[seenBefore]?.text;
  const what = `${whose} changes the schema when it starts (${changes.join(', ')})${statement === undefined ? '' : `: ${statement}`}`;
  const remedy =
    'change the schema by migrations only: code that changes it when it starts makes every way back destructive';
  trial.findings.push({ status: 'FAIL', what, remedy });
  return false;
}

/** Role and password that the service has now, with the copy in place of the database. */
function addressOf({ kind, call, scratch, input }: Trial, { address, call: { target } }: Service): string {
  const redirected = kind.redirect(address, call.spec, scratch);
  if (redirected !== null) return redirected;
  throw new TargetFailure('invalid-input', `${input.rehearsal.variable} of ${target} does not lead to ${call.target}`, {
    remedy: `name the variable that holds the address of ${call.target}, on the server that its url names`,
  });
}
