import { deepEqual, equal, notEqual, ok, rejects } from 'node:assert/strict';
import { TargetFailure } from '../../src/release/failure.ts';
import { prove } from '../../src/release/fingerprint.ts';
import type { Json } from '../../src/release/json.ts';
import type { Trial } from './trial.ts';

/** One promise that every target keeps; `conformance.ts` gives each a world of its own. */
type Story = <Spec, State extends Json, Change extends string>(trial: Trial<Spec, State, Change>) => Promise<void>;

function isStale(error: unknown): boolean {
  return error instanceof TargetFailure && error.kind === 'stale-fence';
}

export const finished: Story = async (trial) => {
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

export const halfWay: Story = async (trial) => {
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

export const neverRan: Story = async (trial) => {
  const before = await trial.world.observe();
  const savepoint = await trial.save();
  const { proof } = await trial.restore(savepoint);
  equal(await trial.world.observe(), before);
  deepEqual(proof.differences, []);
};

export const nothingBefore: Story = async (trial) => {
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

export const fingerprints: Story = async (trial) => {
  await trial.prepare();
  const savepoint = await trial.save();
  deepEqual(prove(savepoint.fingerprint, await trial.fingerprint()).differences, [], 'nothing changed yet');
  await trial.applyAll();
  notEqual(prove(savepoint.fingerprint, await trial.fingerprint()).differences.length, 0, 'the change must show');
  await trial.restore(savepoint);
  deepEqual(prove(savepoint.fingerprint, await trial.fingerprint()).differences, [], 'the restore must show');
};

export const actsOnce: Story = async (trial) => {
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

export const refusesStale: Story = async (trial) => {
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

export const surveys: Story = async (trial) => {
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

export const cancelled: Story = async (trial) => {
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

export const restoresAgain: Story = async (trial) => {
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

export const holds: Story = async (trial) => {
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

export const restoresHeld: Story = async (trial) => {
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

/** Of a cache nobody can tell. */
const cannotBeConfirmed = ['invalidate'];

export const confirms: Story = async (trial) => {
  const { confirm, changes: all } = { ...trial.world.kind, changes: trial.world.changes };
  if (confirm === undefined) return;
  const changes = all.filter((change) => !cannotBeConfirmed.includes(change));
  const states = async () => {
    // The oldest fence there is: looking claims none, and outranks nobody.
    const asked = changes.map((change) =>
      confirm(trial.call({ verb: 'confirm', fence: 0 }), change, trial.world.version),
    );
    return (await Promise.all(asked)).map(({ state }) => state);
  };
  await trial.prepare();
  const savepoint = await trial.save();
  const before = [await trial.world.observe(), await trial.world.effects()];
  deepEqual(new Set(await states()), new Set(['not-done']), 'nothing was changed yet');
  deepEqual([await trial.world.observe(), await trial.world.effects()], before, 'looking changes nothing');
  await trial.applyAll();
  const after = [await trial.world.observe(), await trial.world.effects()];
  deepEqual(new Set(await states()), new Set(['done']), 'the change took effect');
  deepEqual([await trial.world.observe(), await trial.world.effects()], after, 'looking changes nothing');
  await trial.restore(savepoint);
  deepEqual(new Set(await states()), new Set(['not-done']), 'the change was taken back');
};

export const plainResults: Story = async (trial) => {
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
