import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { intended } from '../../src/dev/demo/intended.ts';
import { buildShop, layers, shopDirectory } from '../../src/dev/demo/versions.ts';
import { loadPlan } from '../../src/plan/load.ts';
import type { Plan } from '../../src/release/plan.ts';

const origin = 'http://127.0.0.1:18080';
let home: string;
let plans: Map<string, string>;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'savepoint-versions-'));
  plans = await buildShop(home, { origin, backendPorts: [14_001, 14_002] });
});

afterAll(async () => {
  await rm(home, { recursive: true, force: true });
});

async function planOf(version: string): Promise<Plan> {
  const loaded = await loadPlan(plans.get(version) ?? '', version, { host: 'host', requester: 'deployment-lead' });
  if ('problems' in loaded) throw new Error(JSON.stringify(loaded.problems));
  expect(loaded.warnings).toEqual([]);
  return loaded.plan;
}

describe('the versions of the demo shop', () => {
  it('lie on top of each other: v2 on v1, every later one on v2', () => {
    expect(layers('v1')).toEqual(['v1']);
    expect(layers('v2')).toEqual(['v1', 'v2']);
    expect(layers('v7')).toEqual(['v1', 'v2', 'v7']);
  });

  it('each have a plan that is accepted without a warning, with the demo’s own addresses', async () => {
    for (const version of plans.keys()) {
      const plan = await planOf(version);
      expect(plan.version).toBe(version);
      expect(JSON.stringify(plan)).not.toContain('127.0.0.1:8080');
      expect(JSON.stringify(plan)).toContain(origin);
    }
  });

  it('declare breaking migrations where the previous code cannot run on the new schema', async () => {
    const breaking: string[] = [];
    for (const version of plans.keys()) {
      const database = (await planOf(version)).targets.find(({ name }) => name === 'database');
      if (database?.compatibility?.backward === false) breaking.push(version);
    }
    expect(breaking).toEqual(['v10', 'v3', 'v4']);
  });

  it('fail at steps that their plans have', async () => {
    for (const { version, failedStep } of intended) {
      const steps = (await planOf(version)).steps.map(({ id }) => id);
      if (failedStep !== null) expect([...steps, 'watch']).toContain(failedStep);
    }
  });

  it('keep every migration that was released before them', async () => {
    const released = await readdir(join(home, 'versions', 'v2', 'migrations'));
    for (const version of [...plans.keys()].filter((each) => each !== 'v1')) {
      for (const file of released) {
        const read = (of: string) => readFile(join(home, 'versions', of, 'migrations', file), 'utf8');
        expect(await read(version)).toBe(await read('v2'));
      }
    }
  });

  it('are explained by a plan that can be read where it lies', async () => {
    const loaded = await loadPlan(join(shopDirectory, 'release.yaml'), 'v2', { host: 'host' });
    expect(loaded).not.toHaveProperty('problems');
  });
});
