import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type MemoryEffect, type MemoryState, record } from '../../src/targets/memory/world.ts';
import { effectsOf, type History, historyOf } from './history.ts';
import { judge, type Outcome } from './judge.ts';
import { type Scene, scenes } from './scenes.ts';

const folder = mkdtempSync(join(tmpdir(), 'savepoint-judge-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function sceneOf(name: string): Scene {
  const found = scenes.find((scene) => scene.name === name);
  if (found === undefined) throw new Error(`there is no scene ${name}`);
  return found;
}

let files = 0;

type Act = { verb: 'apply' | 'restore'; key: string; patch?: Partial<MemoryState>; held?: boolean };
const migrated: Act = { verb: 'apply', key: 'r/database/migrate', patch: { schema: 'v2' } };
const restored: Act = { verb: 'restore', key: 'r/database/restore', patch: { schema: 'v1' } };

/** A database to which this was done, in this order, and code that nobody touched. */
function worlds(acts: readonly Act[]): History[] {
  files += 1;
  const place = { world: 'w', file: join(folder, `database-${files}`), initial: 'v1' };
  acts.forEach(({ verb, key, patch = {}, held = false }, expects) => {
    const effect: MemoryEffect = {
      world: 'w',
      verb,
      change: null,
      version: null,
      key,
      fence: expects + 1,
      at: expects,
      pid: 1,
    };
    record(place, { type: 'effect', effect, expects, patch, held });
  });
  const backend = { world: 'b', file: join(folder, `backend-${files}`), initial: 'v1' };
  record(backend, { type: 'fence', fence: 1 });
  return [historyOf('database', place.file), historyOf('backend', backend.file)];
}

const told: Outcome['result'] = {
  outcome: 'rolled-back',
  failure: null,
  notes: [],
  restored: [{ target: 'database', proved: 'content', kept: null, detail: null }],
  stays: [],
};

function verdict(acts: readonly Act[], said: Partial<Outcome['result']> = {}): string[] {
  const run = { result: { ...told, ...said }, histories: worlds(acts) };
  return judge(sceneOf('database back'), run, effectsOf(worlds([migrated, restored])));
}

describe('the judge of the crash matrix', () => {
  it('finds nothing wrong with what happened once and was undone', () => {
    expect(verdict([migrated, restored])).toEqual([]);
  });

  it.each([
    ['an effect that happened twice', [migrated, migrated, restored], 'happened 2 times instead of 1'],
    ['an effect that is missing', [migrated], 'happened 0 times instead of 1'],
    ['an undo before its effect', [restored, migrated], 'was restored before it was changed'],
    ['an effect after its undo', [migrated, restored, migrated], 'does not equal its savepoint'],
    ['writers that are left held', [migrated, { ...restored, held: true }], 'was left held'],
    ['a restore that brings back something else', [migrated, { ...restored, patch: { rows: 1 } }], 'does not equal'],
    ['rows that are lost or doubled', [migrated, { ...restored, patch: { schema: 'v1', rows: 2 } }], 'does not equal'],
  ] as const)('names %s', (_, acts, words) => {
    expect(verdict(acts).join('\n')).toContain(words);
  });

  it('names a pair that ran although the plan does not allow it', () => {
    const run = { result: told, histories: worlds([migrated, restored]) };
    const wrong = judge(sceneOf('database back, held since before'), run, []);
    expect(wrong.join('\n')).toContain('backend v1 ran on schema v2');
  });

  it('names another ending, and a result that does not say what happened', () => {
    expect(verdict([migrated, restored], { outcome: 'stopped' })[0]).toContain('ended stopped, not rolled-back');
    expect(verdict([migrated, restored], { restored: [] })).toContain('says that nothing was restored');
    expect(verdict([migrated, restored], { stays: ['database'] }).join()).toContain('the result says otherwise');
  });
});
