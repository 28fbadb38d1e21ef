import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { forgetMemoryWorld, memoryWorld } from '../../../src/targets/memory/world.ts';
import { releaseWorkflowId } from '../../../src/workflows/messages.ts';
import { openBench } from '../../support/release.ts';
import { startTimeSkipping } from '../../support/temporal.ts';
import { inWords } from '../plans.ts';
import { judge } from './judge.ts';
import { type Played, play, type Stage } from './play.ts';
import { anyScript, type Script, worldOf } from './script.ts';

/** The script of a seed, the same one every time. */
function scriptOf(seed: number): Script {
  const [script] = fc.sample(anyScript, { seed, numRuns: 1 });
  if (script === undefined) throw new TypeError(`no script for seed ${seed}`);
  return script;
}

const notJudged = 'not judged';

type Server = Omit<Stage, 'signal'>;

/** `found`: the story of a run that broke a promise, null where all were kept. */
export type SeedRun = { outcomes: string[]; found: string | null };

/** A run that is not at its end by then is played again, for the server may have lost a workflow task. */
const firstPatienceMs = 20_000;
const lastPatienceMs = 60_000;

/** The run of one seed on a server of its own: one that does not end even there never ends. */
export async function runAlone(seed: number): Promise<SeedRun> {
  const run = await withServer((stage) => runOnServer(stage, seed, lastPatienceMs));
  if (!isUnjudged(run.outcomes)) return run;
  return { ...run, found: [`seed ${seed}`, inWords(scriptOf(seed).plan), 'BREACH never ends'].join('\n') };
}

/** Plays the script of a seed on the server, judges it and forgets its worlds. */
async function runOnServer(stage: Server, seed: number, patienceMs: number): Promise<SeedRun> {
  const application = `simulated-${seed}-${randomUUID().slice(0, 8)}`;
  const patience = new AbortController();
  const over = new AbortController();
  // What is still asked of a server that goes away would end this process.
  const playing = stage.client.withAbortSignal(over.signal, () =>
    play({ ...stage, signal: over.signal }, scriptOf(seed), application),
  );
  const tooLong = sleep(patienceMs, null, { signal: patience.signal }).catch(() => null);
  const played = await Promise.race([playing, tooLong]);
  patience.abort();
  if (played === null) {
    over.abort();
    return await giveUp(stage, application, playing);
  }
  const wrong = judge(played);
  const found = wrong.length === 0 ? null : story(seed, played, wrong);
  for (const { name } of played.plan.targets) forgetMemoryWorld(worldOf(played.plan.application, name));
  return { outcomes: played.outcomes, found };
}

/** Ends the run, so that nothing of it outlives the server. */
async function giveUp(stage: Server, application: string, playing: Promise<Played>): Promise<SeedRun> {
  const handle = stage.client.workflow.getHandle(releaseWorkflowId(application, 'test'));
  await stage.client.withDeadline(Date.now() + 5000, () => handle.terminate('not judged')).catch(() => {});
  await Promise.race([playing.catch(() => null), sleep(10_000)]);
  return { outcomes: [notJudged], found: null };
}

function story(seed: number, { plan, log, outcomes, status }: Played, wrong: readonly string[]): string {
  const worlds = plan.targets.map(({ name, spec }) => {
    const { effects, refused } = memoryWorld(worldOf(plan.application, name));
    const did = effects.map(({ verb, change, version }) =>
      [verb, change, version].filter((word) => word !== null).join(' '),
    );
    return `${name}: ${did.join(', ')}; ${refused.length} refused; spec ${JSON.stringify(spec)}`;
  });
  const timeline = status?.timeline.map(({ what }) => what) ?? [];
  return [`seed ${seed}`, inWords(plan), ...log, '--', ...worlds, '--', ...timeline, `ended: ${outcomes.join(', ')}`]
    .concat(wrong.map((each) => `BREACH ${each}`))
    .join('\n');
}

/** One time-skipping server with one worker, for as many seeds as one likes. */
async function withServer<T>(work: (server: Server) => Promise<T>): Promise<T> {
  // On a busy machine Java does not always answer in the five seconds that the SDK gives it.
  const environment = await startTimeSkipping().catch(startTimeSkipping).catch(startTimeSkipping);
  try {
    const { client, connection } = environment;
    const bench = await openBench({ address: connection.options.address, client });
    try {
      return await work({ environment, client });
    } finally {
      await bench.stop();
    }
  } finally {
    await environment.teardown();
  }
}

/** `again`: seeds that were played a second time, alone. */
export type Summary = { seeds: number; outcomes: Record<string, number>; found: string[]; again: number[] };

/**
 * What a run leaves on the test server after somebody killed it can keep time from being skipped for all others, so such
 * a server is replaced.
 */
function isSpoilt(outcomes: readonly string[]): boolean {
  return outcomes.includes('terminated') || isUnjudged(outcomes);
}

function isUnjudged(outcomes: readonly string[]): boolean {
  return outcomes.includes(notJudged);
}

/** Seeds from `first` on until the time is up, two side by side; then what was not judged, up to the first one that never ends. */
export async function runFor(first: number, ms: number, tell: (found: string) => void = () => {}): Promise<Summary> {
  const summary: Summary = { seeds: 0, outcomes: {}, found: [], again: [] };
  let next = first;
  const until = Date.now() + ms;
  const count = ({ outcomes, found }: SeedRun): void => {
    summary.seeds += 1;
    const ended = outcomes.at(-1) ?? 'none';
    summary.outcomes[ended] = (summary.outcomes[ended] ?? 0) + 1;
    if (found === null) return;
    summary.found.push(found);
    tell(found);
  };
  const untilSpoilt = async (stage: Server): Promise<void> => {
    while (Date.now() < until) {
      const seed = next++;
      const run = await runOnServer(stage, seed, firstPatienceMs);
      if (isUnjudged(run.outcomes)) summary.again.push(seed);
      else count(run);
      if (isSpoilt(run.outcomes)) return;
    }
  };
  const lane = async (): Promise<void> => {
    do await withServer(untilSpoilt);
    while (Date.now() < until);
  };
  await Promise.all([lane(), lane()]);
  for (const seed of summary.again) {
    const run = await runAlone(seed);
    count(run);
    if (isUnjudged(run.outcomes)) break;
  }
  return summary;
}
