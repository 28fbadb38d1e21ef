import { deepEqual, equal, notEqual, ok, rejects } from 'node:assert/strict';
import { describe, it } from 'vitest';
import { TargetFailure } from '../../src/release/failure.ts';
import { prove } from '../../src/release/fingerprint.ts';
import type { Json } from '../../src/release/json.ts';
import type { Artefact, Call, Kind, Savepoint, Step } from '../../src/release/target.ts';

/**
 * What a kind of target brings to be tried. Plug in like this:
 *
 *   conformance('postgres', async (first) => ({ kind: postgres, spec, home, version: 'v2', changes: ['migrate'], ... }));
 *
 * `makeWorld('running')` gives a fresh world in which v1 runs; `makeWorld('absent')` one in which nothing was ever
 * released. Each case gets a world of its own and closes it.
 */
export type ConformanceWorld<Spec, State extends Json, Change extends string> = {
  kind: Kind<Spec, State, Change>;
  spec: Spec;
  home: string;
  /** The version that `changes` bring, in this order. */
  version: string;
  changes: readonly Change[];
  /** What users see, asked without Savepoint. Equal texts mean an equal world. */
  observe(): Promise<string>;
  /** Effects on the world in order, written by the world. Looking, comparing and copying beside are no effects. */
  effects(): Promise<string[]>;
  /** Applying `change` with this spec stops half way with a failure. Left out where a kind cannot stop half way. */
  half?: { spec: Spec; change: Change; version: string };
  /** Texts that no result may hold. */
  secrets: readonly string[];
  close(): Promise<void>;
};

export type MakeWorld<Spec, State extends Json, Change extends string> = (
  first: 'running' | 'absent',
) => Promise<ConformanceWorld<Spec, State, Change>>;

type Attempt<Spec> = { verb: string; release?: string; fence?: number; spec?: Spec; signal?: AbortSignal };

/** A world with the calls that a release would make. Fences grow by themselves; keys are stable per release and verb. */
class Trial<Spec, State extends Json, Change extends string> {
  readonly world: ConformanceWorld<Spec, State, Change>;
  readonly results: Json[] = [];
  pinned: Artefact | null = null;
  fence = 100;

  constructor(world: ConformanceWorld<Spec, State, Change>) {
    this.world = world;
  }

  call(attempt: Attempt<Spec>): Call<Spec> {
    const release = attempt.release ?? 'aaaaaaaa-1111-4111-8111-111111111111';
    this.fence += 1;
    return {
      spec: attempt.spec ?? this.world.spec,
      application: 'conformance',
      environment: 'test',
      target: 'thing',
      release,
      home: this.world.home,
      key: `${release}/thing/${attempt.verb}`,
      fence: attempt.fence ?? this.fence,
      pinned: this.pinned,
      signal: attempt.signal ?? new AbortController().signal,
      log: { info: () => {}, warn: () => {} },
    };
  }

  /** Looks again until the step is done, each time as a new attempt, as a release does after a crash. */
  async drive<T>(attempt: Attempt<Spec>, step: (call: Call<Spec>) => Promise<Step<T>>): Promise<T> {
    const giveUpAt = Date.now() + 60_000;
    while (Date.now() < giveUpAt) {
      const answer = await step(this.call(attempt));
      if (answer.state === 'done') {
        this.results.push(JSON.parse(JSON.stringify(answer.value ?? null)) as Json);
        return answer.value;
      }
      if (answer.state === 'ask') throw new Error(`asked a person: ${answer.question}`);
      await new Promise((resolve) => setTimeout(resolve, Math.min(answer.lookAgainMs, 200)));
    }
    throw new Error(`${attempt.verb} was not done within a minute`);
  }

  async prepare(options: Partial<Attempt<Spec>> = {}, version = this.world.version): Promise<void> {
    const { kind } = this.world;
    const begin = kind.prepare;
    if (begin === undefined) return;
    this.pinned = await this.drive({ verb: 'prepare', ...options }, (call) => begin(call, version));
  }

  save(options: Partial<Attempt<Spec>> = {}): Promise<Savepoint<State>> {
    return this.drive({ verb: 'save', ...options }, (call) => this.world.kind.save(call));
  }

  async applyAll(options: Partial<Attempt<Spec>> = {}): Promise<void> {
    for (const change of this.world.changes) await this.apply(change, options);
  }

  apply(change: Change, options: Partial<Attempt<Spec>> = {}, version = this.world.version): Promise<Json> {
    return this.drive({ verb: `apply ${change}`, ...options }, (call) => this.world.kind.apply(call, change, version));
  }

  restore(to: Savepoint<State>, options: Partial<Attempt<Spec>> = {}) {
    return this.drive({ verb: 'restore', ...options }, (call) => this.world.kind.restore(call, to));
  }

  fingerprint() {
    return this.world.kind.fingerprint(this.call({ verb: 'fingerprint' }));
  }
}

export type ConformanceCase = { title: string; run: () => Promise<void> };

function isStale(error: unknown): boolean {
  return error instanceof TargetFailure && error.kind === 'stale-fence';
}

/** Every case as data, so that the suite can be run against a target that is broken on purpose. */
export function conformanceCases<Spec, State extends Json, Change extends string>(
  makeWorld: MakeWorld<Spec, State, Change>,
): ConformanceCase[] {
  const on =
    (first: 'running' | 'absent', story: (trial: Trial<Spec, State, Change>) => Promise<void>) =>
    async (): Promise<void> => {
      const world = await makeWorld(first);
      try {
        await story(new Trial(world));
      } finally {
        await world.close();
      }
    };
  return [
    { title: 'brings back what users saw after a finished change', run: on('running', finished) },
    { title: 'brings back what users saw after a change that stopped half way', run: on('running', halfWay) },
    { title: 'brings back what users saw when the change never ran', run: on('running', neverRan) },
    { title: 'brings back nothing where there was nothing', run: on('absent', nothingBefore) },
    { title: 'tells versions apart by their fingerprints', run: on('running', fingerprints) },
    { title: 'acts once when a verb is called again with its key', run: on('running', actsOnce) },
    { title: 'refuses an attempt that a newer one has replaced', run: on('running', refusesStale) },
    { title: 'changes nothing while it surveys', run: on('running', surveys) },
    { title: 'leaves the world alone when it was cancelled before', run: on('running', cancelled) },
    { title: 'restores again and again', run: on('running', restoresAgain) },
    { title: 'puts back what it held', run: on('running', holds) },
    { title: 'goes back to what ran before a hold', run: on('running', restoresHeld) },
    { title: 'gives results that are small, plain and hold no secret', run: on('running', plainResults) },
  ];
}

/** Registers every case with vitest. */
export function conformance<Spec, State extends Json, Change extends string>(
  name: string,
  makeWorld: MakeWorld<Spec, State, Change>,
): void {
  describe(`${name} keeps the promises of a target`, () => {
    for (const { title, run } of conformanceCases(makeWorld)) it(title, run, 60_000);
  });
}

/** Titles of the cases that fail. For a target that is broken on purpose this must not be empty. */
export async function failingCases(cases: readonly ConformanceCase[]): Promise<string[]> {
  const failed: string[] = [];
  for (const { title, run } of cases) {
    try {
      await run();
    } catch {
      failed.push(title);
    }
  }
  return failed;
}

/** The same world around a target whose `restore` claims success and does nothing. */
export function withoutRestore<Spec, State extends Json, Change extends string>(
  makeWorld: MakeWorld<Spec, State, Change>,
): MakeWorld<Spec, State, Change> {
  return async (first) => {
    const world = await makeWorld(first);
    const restore: Kind<Spec, State, Change>['restore'] = async (_call, to) => ({
      state: 'done',
      value: { proof: prove(to.fingerprint, to.fingerprint), downtimeMs: 0, kept: null, detail: 'nothing was done' },
    });
    return { ...world, kind: { ...world.kind, restore } };
  };
}

type Story = <Spec, State extends Json, Change extends string>(trial: Trial<Spec, State, Change>) => Promise<void>;

const finished: Story = async (trial) => {
  const before = await trial.world.observe();
  await trial.prepare();
  const savepoint = await trial.save();
  equal(savepoint.absent, false, 'something ran before');
  await trial.applyAll();
  notEqual(await trial.world.observe(), before, 'the change must be visible');
  const { proof } = await trial.restore(savepoint);
  equal(await trial.world.observe(), before, 'users must see what they saw before');
  deepEqual(proof.differences, []);
  notEqual(proof.level, 'unproved');
};

const halfWay: Story = async (trial) => {
  const { half, observe } = trial.world;
  const before = await observe();
  await trial.prepare();
  const savepoint = await trial.save();
  if (half === undefined) return;
  await trial
    .prepare({ spec: half.spec, release: 'bbbbbbbb-2222-4222-8222-222222222222' }, half.version)
    .catch(() => {});
  await rejects(trial.apply(half.change, { spec: half.spec }, half.version), 'the change was meant to fail');
  const { proof } = await trial.restore(savepoint, { spec: half.spec });
  equal(await observe(), before, 'users must see what they saw before');
  deepEqual(proof.differences, []);
};

const neverRan: Story = async (trial) => {
  const before = await trial.world.observe();
  const savepoint = await trial.save();
  const { proof } = await trial.restore(savepoint);
  equal(await trial.world.observe(), before);
  deepEqual(proof.differences, []);
};

const nothingBefore: Story = async (trial) => {
  const before = await trial.world.observe();
  await trial.prepare();
  const savepoint = await trial.save();
  equal(savepoint.absent, true, 'nothing ran before');
  equal(savepoint.version, null);
  await trial.applyAll();
  notEqual(await trial.world.observe(), before, 'the first release must be visible');
  const { proof } = await trial.restore(savepoint);
  equal(await trial.world.observe(), before, 'nothing must be visible again');
  deepEqual(proof.differences, []);
};

const fingerprints: Story = async (trial) => {
  await trial.prepare();
  const savepoint = await trial.save();
  deepEqual(prove(savepoint.fingerprint, await trial.fingerprint()).differences, [], 'nothing changed yet');
  await trial.applyAll();
  notEqual(prove(savepoint.fingerprint, await trial.fingerprint()).differences.length, 0, 'the change must show');
  await trial.restore(savepoint);
  deepEqual(prove(savepoint.fingerprint, await trial.fingerprint()).differences, [], 'the restore must show');
};

const actsOnce: Story = async (trial) => {
  await trial.prepare();
  await trial.prepare();
  const savepoint = await trial.save();
  deepEqual((await trial.save()).state, savepoint.state, 'the same savepoint is found again');
  await trial.applyAll();
  const applied = await trial.world.effects();
  await trial.applyAll();
  deepEqual(await trial.world.effects(), applied, 'a change must act once');
  await trial.restore(savepoint);
  const restored = await trial.world.effects();
  notEqual(restored.length, applied.length, 'the restore must be seen in the world');
  await trial.restore(savepoint);
  deepEqual(await trial.world.effects(), restored, 'a restore must act once');
};

const refusesStale: Story = async (trial) => {
  const { kind, changes, version, observe, effects } = trial.world;
  await trial.prepare();
  const savepoint = await trial.save();
  const stale = (verb: string) => trial.call({ verb, fence: 50 });
  const change = changes[0];
  ok(change !== undefined);
  const before = [await observe(), await effects()];
  await rejects(kind.save(stale('save')), isStale);
  await rejects(kind.apply(stale(`apply ${change}`), change, version), isStale);
  deepEqual([await observe(), await effects()], before, 'a stale change must not act');
  await trial.applyAll();
  const after = [await observe(), await effects()];
  await rejects(kind.restore(stale('restore'), savepoint), isStale);
  if (kind.hold !== undefined) await rejects(kind.hold(stale('hold')), isStale);
  deepEqual([await observe(), await effects()], after, 'a stale restore must not act');
  await trial.restore(savepoint);
};

const surveys: Story = async (trial) => {
  const before = [await trial.world.observe(), await trial.world.effects()];
  await trial.prepare();
  const survey = await trial.world.kind.survey(trial.call({ verb: 'survey' }));
  const again = await trial.world.kind.survey(trial.call({ verb: 'survey' }));
  deepEqual([await trial.world.observe(), await trial.world.effects()], before);
  deepEqual(
    survey.findings.filter(({ status }) => status === 'FAIL'),
    [],
    'a healthy world must pass',
  );
  ok(survey.running !== null, 'what runs has an identity');
  equal(survey.running, again.running, 'the identity is stable');
};

const cancelled: Story = async (trial) => {
  const { kind, changes, version, observe, effects } = trial.world;
  await trial.prepare();
  const savepoint = await trial.save();
  const change = changes[0];
  ok(change !== undefined);
  const before = [await observe(), await effects()];
  const signal = AbortSignal.abort(new Error('cancelled'));
  await rejects(kind.apply(trial.call({ verb: `apply ${change}`, signal }), change, version));
  await rejects(kind.restore(trial.call({ verb: 'restore', signal }), savepoint));
  deepEqual([await observe(), await effects()], before);
};

const restoresAgain: Story = async (trial) => {
  const before = await trial.world.observe();
  for (const release of ['cccccccc-3333-4333-8333-333333333333', 'dddddddd-4444-4444-8444-444444444444']) {
    await trial.prepare({ release });
    const savepoint = await trial.save({ release });
    await trial.applyAll({ release });
    notEqual(await trial.world.observe(), before, 'the same version can be released again');
    await trial.restore(savepoint, { release });
    equal(await trial.world.observe(), before);
    await trial.restore(savepoint, { release: `${release.slice(0, -1)}9` });
    equal(await trial.world.observe(), before, 'another restore to the same savepoint changes nothing');
  }
};

const holds: Story = async (trial) => {
  const { hold, resume } = trial.world.kind;
  if (hold === undefined || resume === undefined) return;
  const before = await trial.world.observe();
  const held = await trial.drive({ verb: 'hold' }, (call) => hold(call));
  await trial.drive({ verb: 'hold' }, (call) => hold(call));
  await trial.drive({ verb: 'resume' }, (call) => resume(call, held));
  equal(await trial.world.observe(), before, 'what was held works as before');
  const effects = await trial.world.effects();
  await trial.drive({ verb: 'resume' }, (call) => resume(call, held));
  deepEqual(await trial.world.effects(), effects, 'resuming twice acts once');
};

const restoresHeld: Story = async (trial) => {
  const { hold, resume } = trial.world.kind;
  if (hold === undefined || resume === undefined) return;
  const before = await trial.world.observe();
  await trial.prepare();
  const held = await trial.drive({ verb: 'hold' }, (call) => hold(call));
  const savepoint = await trial.save();
  equal(savepoint.absent, false, 'something ran before the hold');
  await trial.applyAll();
  const { proof } = await trial.restore(savepoint);
  deepEqual(proof.differences, []);
  await trial.drive({ verb: 'resume' }, (call) => resume(call, held));
  equal(await trial.world.observe(), before, 'users must see what they saw before the hold');
};

const plainResults: Story = async (trial) => {
  await trial.prepare();
  const savepoint = await trial.save();
  deepEqual(JSON.parse(JSON.stringify(savepoint)), savepoint, 'a savepoint must survive JSON');
  await trial.applyAll();
  const restored = await trial.restore(savepoint);
  deepEqual(JSON.parse(JSON.stringify(restored)), restored, 'a restore must survive JSON');
  const text = JSON.stringify(trial.results);
  ok(text.length < 256 * 1024, `results take ${text.length} characters`);
  for (const secret of trial.world.secrets) equal(text.includes(secret), false, 'a secret is in a result');
};
