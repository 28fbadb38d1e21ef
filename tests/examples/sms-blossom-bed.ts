import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, vi } from 'vitest';
import { askPlanned } from '../../src/checks/ask.ts';
import { systemClock } from '../../src/checks/clock.ts';
import { askAll } from '../../src/checks/suite.ts';
import { chosenChecks } from '../../src/cli/checking.ts';
import { type LoadedPlan, loadPlan } from '../../src/plan/load.ts';
import type { CheckResult } from '../../src/release/check.ts';
import type { Json } from '../../src/release/json.ts';
import { resolveReferences } from '../../src/secrets/resolve.ts';
import { quiet } from '../checks/asking.ts';
import { testSecrets } from '../support/evidence-app/app.ts';
import { noBlossomFaults } from '../support/evidence-app/blossom/faults.ts';
import { freshMetrics } from '../support/evidence-app/blossom/metrics.ts';
import { type BlossomWorld, startBlossomWorld } from '../support/evidence-app/blossom/world.ts';
import { noFaults } from '../support/evidence-app/state.ts';
import { findRedis, isMissing } from '../support/tools.ts';

export const planFile = fileURLToPath(new URL('../../examples/sms-blossom/release.yaml', import.meta.url));

const tool = await findRedis();
export const missing = isMissing(tool) ? tool.missing : undefined;
if (missing !== undefined) console.warn(missing);

export type Bed = {
  world: BlossomWorld;
  plan: LoadedPlan;
  /** Asks groups of the example's own plan as `savepoint check` does; without any, all. */
  ask(groups?: readonly string[], how?: How): Promise<CheckResult[]>;
};

/**
 * `hurried`: what is waited for is waited for less long, where it is known that it will not come. `cleanup`: false where
 * another run is going on, whose rows would be removed too. `only`: names of checks of these groups, as with `--only`.
 */
export type How = { signal?: AbortSignal; hurried?: boolean; cleanup?: boolean; only?: readonly string[] };

/** The whole of SMS Blossom for one file, healthy again after each test. */
export function blossomForFile(): () => Bed {
  let bed: Bed | undefined;
  const there = (): Bed => {
    if (bed === undefined) throw new Error('the application starts in beforeAll');
    return bed;
  };
  beforeAll(async () => {
    if (missing === undefined) bed = await openBed();
  }, 60_000);
  afterEach(async () => {
    if (bed !== undefined) await heal(bed.world);
  });
  afterAll(() => bed?.world.stop());
  return there;
}

async function openBed(): Promise<Bed> {
  const world = await startBlossomWorld();
  const plan = await loadPlan(planFile, 'v1.0.0', { host: 'here' });
  if ('problems' in plan) throw new Error(plan.problems.map(({ message }) => message).join('\n'));
  setVariables(world);
  const ask: Bed['ask'] = async (
    groups = [],
    { signal = new AbortController().signal, hurried = false, cleanup = true, only = [] } = {},
  ) => {
    const resolve = async (spec: Json) => {
      const { value } = await resolveReferences(spec, { env: process.env, home: plan.plan.home });
      return hurried ? hurriedUp(value) : value;
    };
    const chosen = chosenChecks(plan, { groups, only, cleanup: false });
    return await askAll(cleanup ? chosen : chosen.filter(({ cleansUp }) => cleansUp !== true), {
      signal,
      ask: (planned, ending) => {
        const around = { home: plan.plan.home, version: 'v1.0.0', signal: ending, log: quiet };
        // What waits for a service that has just been started is not waited for here.
        return askPlanned({ ...planned, withinMs: 0 }, { ...around, resolve, redact: (value) => value }, systemClock);
      },
    });
  };
  return { world, plan, ask };
}

function hurriedUp(spec: Json): Json {
  return JSON.parse(JSON.stringify(spec).replaceAll('"within":5000', '"within":1500')) as Json;
}

function setVariables({ env }: BlossomWorld): void {
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
}

/** The light part and the other one are healthy, nothing is counted or cached, and the variables are right. */
async function heal(world: BlossomWorld): Promise<void> {
  setVariables(world);
  Object.assign(world.app.faults, noFaults);
  Object.assign(world.app.secrets, testSecrets);
  Object.assign(world.app.blossom.faults, noBlossomFaults);
  Object.assign(world.app.blossom.metrics, freshMetrics());
  const keys = await world.redis.client.keys('blossom:*');
  if (keys.length > 0) await world.redis.client.del(keys);
}

/** The one check that measures time, which a busy machine cannot. */
const timed = 'reports answer within 800 ms';

/**
 * Results without what our own machine was too busy for: that is asked again alone, as a person would, together with what
 * was left out because of it. Null where nothing was.
 */
export async function askedAgain({ ask }: Bed, results: readonly CheckResult[]): Promise<CheckResult[] | null> {
  const busy = results.find(({ name, summary }) => name === timed && summary.startsWith('this machine was too busy'));
  if (busy?.status !== 'PENDING') return null;
  const left = results.filter(({ summary }) => summary.startsWith(`not asked, because it needs ${timed}`));
  const only = [busy, ...left].map(({ name }) => name);
  const fresh = await ask(['reports'], { only, cleanup: false });
  return results.map((result) => fresh.find(({ name }) => name === result.name) ?? result);
}

/** What blocks a go-live or is worth knowing, also what was not asked. */
export function notPassed(results: readonly CheckResult[]): string[] {
  return results
    .filter(({ status }) => status !== 'PASS')
    .map(({ name, status, summary }) => `${status} ${name}: ${summary}`);
}

/** What was measured and is not good, or could not be measured; not what was left out because of it. */
export function found(results: readonly CheckResult[]): string[] {
  return results
    .filter(({ status, summary }) => status !== 'PASS' && !summary.startsWith('not asked'))
    .map(({ name, status }) => `${status} ${name}`);
}

/** Rows, jobs and counted requests that checks wrote, as `place name`. */
export async function leftBehind({ postgres, redis, app }: BlossomWorld): Promise<string[]> {
  const rows = await postgres.sql(
    `SELECT 'webhook_events ' || id AS what FROM webhook_events WHERE id LIKE 'smoke-%'
     UNION ALL SELECT 'campaigns ' || name FROM campaigns WHERE name LIKE 'smoke-%'
     UNION ALL SELECT 'messages ' || id FROM messages
     UNION ALL SELECT 'discounts ' || code FROM discounts WHERE code LIKE 'smoke-%'`,
    'blossom',
  );
  const jobs = await Promise.all(
    Object.values(app.blossom.queues).map(async (queue) => {
      const all = await queue.getJobs(['wait', 'delayed', 'active', 'completed', 'failed']);
      return all.map((job) => `${queue.name} ${job?.id}`);
    }),
  );
  const limits = await redis.client.keys('blossom:limit:*');
  return [...rows.map(({ what }) => String(what)), ...jobs.flat(), ...limits];
}
