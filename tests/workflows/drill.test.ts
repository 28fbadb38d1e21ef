import { describe, expect, it } from 'vitest';
import { memoryWorld } from '../../src/targets/memory/world.ts';
import { certificateOf, certificatesIn, startDrill } from '../support/drill.ts';
import { benchForFile } from '../support/file-bench.ts';
import { memoryPlan, worldsOf } from '../support/plans.ts';

const bench = benchForFile();
const watch = { schedule: [{ every: '1h', for: '4h' }], checks: [{ name: 'well', kind: 'command', run: ['true'] }] };

describe('a drill', () => {
  it('tries every rollback point in every way, and leaves everything as it was', async () => {
    const application = 'drilled';
    const drilled = await startDrill(bench(), memoryPlan({ application, more: { watch } }));
    const certificate = await certificateOf(drilled);
    expect(certificate.failure).toBeNull();
    expect(certificate).toMatchObject({ passed: true, complete: true, untried: [] });
    expect(certificate.cases.map(({ at, how }) => `${at} ${how}`)).toEqual([
      'migrate database before',
      'migrate database after',
      'migrate database lost',
      'deploy backend before',
      'deploy backend after',
      'deploy backend lost',
      'deploy frontend before',
      'deploy frontend after',
      'deploy frontend lost',
      'watch watch',
    ]);
    const worlds = worldsOf(application);
    expect(memoryWorld(worlds.database).state).toMatchObject({ schema: 'v1', seeds: [] });
    expect(memoryWorld(worlds.backend).state.version).toBe('v1');
    expect(memoryWorld(worlds.frontend).state.version).toBe('v1');
    const [written] = await certificatesIn(drilled.home, application);
    expect(written?.json).toEqual(certificate);
    expect(written?.md).toContain('deploy backend, with its answer lost after the effect');
    console.log(written?.md);
  });
});
