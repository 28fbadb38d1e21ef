import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Call } from '../../../src/release/target.ts';
import { type MemoryChange, type MemorySpec, memorySchema } from '../../../src/targets/memory/memory.schema.ts';
import { memory, memoryDatabase } from '../../../src/targets/memory/memory.ts';
import { forgetMemoryWorld, lookAt, memoryWorld, writeRows } from '../../../src/targets/memory/world.ts';
import {
  conformance,
  conformanceCases,
  failingCases,
  type MakeWorld,
  withoutRestore,
} from '../../support/conformance.ts';

let worlds = 0;

function specOf(extra: Record<string, unknown> = {}): MemorySpec {
  worlds += 1;
  return memorySchema.parse({ world: `world-${worlds}`, initial: 'v1', ...extra });
}

function callOf(spec: MemorySpec, verb: string, fence: number): Call<MemorySpec> {
  return {
    spec,
    application: 'shop',
    environment: 'test',
    target: 'thing',
    release: 'aaaaaaaa-0000',
    home: tmpdir(),
    key: `aaaaaaaa-0000/thing/${verb}`,
    fence,
    pinned: null,
    signal: new AbortController().signal,
    log: { info: () => {}, warn: () => {} },
  };
}

function worldOf(stores: boolean, file: boolean): MakeWorld<MemorySpec, never, MemoryChange> {
  return async (first) => {
    const home = await mkdtemp(join(tmpdir(), 'savepoint-memory-'));
    const spec = specOf({
      initial: first === 'running' ? 'v1' : null,
      file: file ? join(home, 'world.jsonl') : null,
      workMs: { apply: '20ms' },
    });
    const look = () => lookAt({ world: spec.world, file: spec.file, initial: spec.initial });
    const change: MemoryChange = stores ? 'migrate' : 'deploy';
    const half = {
      ...spec,
      faults: [{ verb: 'apply', change, kind: 'failed', when: 'half', times: 1, message: null }],
    };
    return {
      kind: stores ? memoryDatabase : memory,
      spec,
      home,
      version: 'v2',
      changes: stores ? ['migrate', 'seed'] : ['deploy', 'invalidate'],
      observe: async () => JSON.stringify([look().state, look().held]),
      effects: async () => look().effects.flatMap(({ verb }) => (verb === 'save' || verb === 'prepare' ? [] : [verb])),
      half: { spec: half as MemorySpec, change, version: 'v2' },
      secrets: [],
      close: async () => {
        forgetMemoryWorld(spec.world);
        await rm(home, { recursive: true });
      },
    } as Awaited<ReturnType<MakeWorld<MemorySpec, never, MemoryChange>>>;
  };
}

conformance('memory', worldOf(false, false));
conformance('memory-database', worldOf(true, false));
conformance('memory kept in a file', worldOf(false, true));

describe('the conformance suite', () => {
  it('fails for a target whose restore does nothing', async () => {
    const failed = await failingCases(conformanceCases(withoutRestore(worldOf(true, false))));
    expect(failed).toContain('brings back what users saw after a finished change');
    expect(failed).toContain('brings back what users saw after a change that stopped half way');
    expect(failed).toContain('brings back nothing where there was nothing');
    expect(failed).toContain('restores again and again');
  });

  it('fails for a target that acts on every call', async () => {
    const makeWorld: ReturnType<typeof worldOf> = async (first) => {
      const world = await worldOf(false, false)(first);
      let calls = 0;
      const again = (call: Call<MemorySpec>) => ({ ...call, key: `${call.key} ${calls++}` });
      const apply: typeof world.kind.apply = (call, change, version) =>
        world.kind.apply({ ...again(call), spec: { ...call.spec, workMs: {} } }, change, version);
      return { ...world, kind: { ...world.kind, apply } };
    };
    expect(await failingCases(conformanceCases(makeWorld))).toEqual([
      'acts once when a verb is called again with its key',
    ]);
  });
});

describe('a memory target', () => {
  it('fails as scripted and works afterwards', async () => {
    const spec = specOf({ faults: [{ verb: 'apply', change: 'migrate', kind: 'unreachable', times: 2 }] });
    for (const fence of [1, 2]) {
      const failing = memoryDatabase.apply(callOf(spec, 'migrate', fence), 'migrate', 'v2');
      await expect(failing).rejects.toMatchObject({ kind: 'unreachable' });
    }
    expect(memoryWorld(spec.world).effects).toEqual([]);
    await memoryDatabase.apply(callOf(spec, 'migrate', 3), 'migrate', 'v2');
    expect(memoryWorld(spec.world).state.schema).toBe('v2');
  });

  it('finds an effect whose answer was lost', async () => {
    const spec = specOf({ faults: [{ verb: 'apply', kind: 'unreachable', when: 'after' }] });
    await expect(memory.apply(callOf(spec, 'deploy', 1), 'deploy', 'v2')).rejects.toMatchObject({
      kind: 'unreachable',
    });
    const again = await memory.apply(callOf(spec, 'deploy', 2), 'deploy', 'v2');
    expect(again.state).toBe('done');
    expect(memoryWorld(spec.world).effects).toHaveLength(1);
  });

  it('finds a restore whose answer was lost, with the rows that were carried over', async () => {
    const spec = specOf({ faults: [{ verb: 'restore', kind: 'unreachable', when: 'after' }] });
    const saved = await memoryDatabase.save(callOf(spec, 'save', 1));
    if (saved.state !== 'done') throw new Error('not saved');
    await memoryDatabase.apply(callOf(spec, 'migrate', 2), 'migrate', 'v2');
    writeRows(spec.world, 3);
    await memoryDatabase.hold?.(callOf(spec, 'hold', 3));
    const carrying = { into: 'copy', directory: tmpdir() } as const;
    await memoryDatabase.carry?.(callOf(spec, 'restore', 4), saved.value, { ...carrying, ignore: [], marks: [] });
    const restore = (fence: number) => memoryDatabase.restore(callOf(spec, 'restore', fence), saved.value);
    await expect(restore(5)).rejects.toMatchObject({ kind: 'unreachable' });
    const again = await restore(6);
    expect(again).toMatchObject({ state: 'done', value: { kept: expect.stringContaining('_superseded_') } });
    expect(memoryWorld(spec.world).state).toMatchObject({ schema: 'v1', rows: 3 });
    expect(memoryWorld(spec.world).effects.filter(({ verb }) => verb === 'restore')).toHaveLength(1);
  });

  it('asks a person once and goes on when called again', async () => {
    const spec = specOf({ ask: { verb: 'apply', question: 'Switch the DNS' } });
    const first = await memory.apply(callOf(spec, 'deploy', 1), 'deploy', 'v2');
    expect(first).toEqual({ state: 'ask', question: 'Switch the DNS' });
    expect((await memory.apply(callOf(spec, 'deploy', 2), 'deploy', 'v2')).state).toBe('done');
  });

  it('says that it restored although it did not, when told to lie', async () => {
    const spec = specOf({ faults: [{ verb: 'restore', kind: 'lie' }] });
    const saved = await memory.save(callOf(spec, 'save', 1));
    if (saved.state !== 'done') throw new Error('not saved');
    await memory.apply(callOf(spec, 'deploy', 2), 'deploy', 'v2');
    expect((await memory.restore(callOf(spec, 'restore', 3), saved.value)).state).toBe('done');
    expect(memoryWorld(spec.world).state.version).toBe('v2');
  });

  it('keeps users from writing while it is held, and shows what they wrote before', async () => {
    const spec = specOf();
    const saved = await memoryDatabase.save(callOf(spec, 'save', 1));
    if (saved.state !== 'done' || memoryDatabase.hold === undefined) throw new Error('not saved');
    writeRows(spec.world, 3);
    const standing = await memoryDatabase.compare?.(callOf(spec, 'compare', 2), saved.value);
    expect(standing).toMatchObject({ state: 'differs', detail: expect.stringContaining('3 rows') });
    await memoryDatabase.hold(callOf(spec, 'hold', 3));
    writeRows(spec.world, 5);
    expect(memoryWorld(spec.world)).toMatchObject({ refusedWrites: 1, state: { rows: 3 } });
  });
});
