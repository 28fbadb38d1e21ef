import { memoryPlan } from './plans.ts';
import type { SecretWorld } from './secret-world.ts';

/**
 * `answer`: choice for every question. `shows`: a secret would be seen in the status, were it not covered. `says`: part
 * of the failure's message.
 */
export type Scenario = { plan: object; outcome: string; answer?: string; shows: boolean; says?: string };

/** A reference as plans write it. */
const env = (name: string): string => `\${env:${name}}`;
const apiKey = { API_KEY: '${file:keys/api}' };
const limits = { errors: { rollBack: '10 %' } };
const restoreFails = { backend: { faults: [{ verb: 'restore', times: 99 }] } };

const events = ['question', 'failed', 'blocked', 'ended', 'watch'];

/** Nobody can be told by these, and each failure to tell repeats what it was told with. */
const notify = [
  { kind: 'webhook', url: `${env('HOOK_URL')}/${env('HOOK_TOKEN')}`, secret: env('SIGNING_KEY'), on: events },
  {
    kind: 'command',
    run: ['sh', '-c', 'cat; env; exit 3'],
    env: { SIGNING_KEY: env('SIGNING_KEY'), ...apiKey },
    on: events,
  },
];

function echoing(origin: string): object {
  return {
    name: 'echo',
    url: `http://monitor:${env('MONITOR_PASSWORD')}@${origin.slice(7)}/health?key=${env('API_TOKEN')}`,
    headers: { 'X-Token': env('API_TOKEN') },
    expect: { status: 200 },
  };
}

function printing(script: string): object {
  const run = ['sh', '-c', `echo "$MARKER"; ${script}; exit 1`];
  return { name: 'command', kind: 'command', run, env: apiKey };
}

function rows(url: string, query: string, name = 'rows'): object {
  return { name, kind: 'sql', url: `${env(url)}/postgres`, query, expect: { min: 1 } };
}

function plan(application: string, more: object, parts: object = {}): object {
  return memoryPlan({ application, ...parts, more: { notify, ...more } });
}

/** A target of commands that print what they should not; `save`: a script that prints the savepoint. */
function commands(application: string, save: string): object {
  const tell = 'echo "$MARKER $OWNER $OTHER $API_KEY"';
  const cache = {
    kind: 'command',
    apply: { deploy: ['sh', '-c', `${tell}; ${tell} >&2`] },
    restore: ['sh', '-c', `${tell}; exit 2`],
    survey: ['sh', '-c', tell],
    save: ['sh', '-c', save],
    fingerprint: ['sh', '-c', 'echo same'],
    env: { OWNER: env('OWNER_URL'), OTHER: env('API_TOKEN'), ...apiKey },
  };
  return plan(application, { targets: { cache }, smoke: [printing('echo "$API_KEY"')] });
}

/** Plans over targets in memory, or commands, whose checks and notices fail in words that hold secrets. */
export function memoryScenarios({ origin }: SecretWorld): Record<string, Scenario> {
  const http = echoing(origin);
  // It goes back with the first few answers; the rest is for a machine that stands still meanwhile.
  const schedule = [{ every: '2s', for: '30s' }];
  const watch = { schedule, probe: { ...http, every: '100ms' }, criteria: limits, maxUnwatched: '90 %' };
  const performance = { requests: [{ ...http, samples: 20, every: '5ms', ...limits }] };
  const preflight = [{ ...http, kind: 'http' }];
  const foreign = {
    preflight: [rows('OWNER_URL', 'select 1'), rows('SERVICE_URL', `select length('${env('API_TOKEN')}')`, 'length')],
    smoke: [printing('echo "$OWNER_URL $SERVICE_URL $API_TOKEN $SIGNING_KEY"')],
  };
  const wrongType = `select '${env('API_TOKEN')}'::int`;
  // The summary of a check is cut, here in the middle of the secret.
  const long = `select '${'x'.repeat(147)}${env('API_TOKEN')}'::int`;
  const stay = { outcome: 'released-by-decision', answer: 'stay', shows: false };
  const back = { outcome: 'rolled-back', shows: true };
  const own = [printing('echo "$API_KEY" >&2')];
  return {
    'a service that repeats headers': { plan: plan('http-echo', { preflight }), outcome: 'stopped', shows: true },
    'a command that prints its environment': { plan: plan('own-env', { smoke: own }), ...back },
    "a command that prints the worker's environment": { plan: plan('worker-env', foreign), ...back },
    'a query that quotes its value': { plan: plan('bad-query', { smoke: [rows('OWNER_URL', wrongType)] }), ...back },
    'a message that is cut in a secret': { plan: plan('long-answer', { smoke: [rows('OWNER_URL', long)] }), ...back },
    'a wrong password': { plan: plan('wrong-password', { smoke: [rows('WRONG_URL', 'select 1')] }), ...stay },
    'a database that is down': { plan: plan('unreachable', { smoke: [rows('UNREACHABLE_URL', 'select 1')] }), ...stay },
    'a measurement': { plan: plan('measured', { performance }), ...back },
    'a watch': { plan: plan('watched', { watch }), ...back },
    'a target whose commands print secrets': {
      ...{ plan: commands('commands', 'echo 1'), outcome: 'abandoned', answer: 'abandon', shows: true },
    },
    'a savepoint that would hold a secret': {
      ...{ plan: commands('telling', 'echo "\\"$OWNER\\""'), outcome: 'stopped', shows: false },
      says: 'the savepoint of cache holds the value of a secret',
    },
    'a way back that is given up': {
      ...{
        plan: plan('abandoned', { smoke: own }, restoreFails),
        outcome: 'abandoned',
        answer: 'abandon',
        shows: true,
      },
    },
  };
}
