import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import type { Certificate } from '../../src/release/certificate.ts';
import type { DrillWay } from '../../src/release/drill.ts';
import type { ReleaseResult } from '../../src/release/status.ts';
import { memoryWorld } from '../../src/targets/memory/world.ts';
import { certificateOf, startDrill } from '../support/drill.ts';
import { benchForFile } from '../support/file-bench.ts';
import { memoryPlan, worldsOf } from '../support/plans.ts';

const bench = benchForFile();
vi.setConfig({ testTimeout: 90_000 });

const watch = {
  schedule: [{ every: '500ms', for: '500ms' }],
  checks: [{ name: 'well', kind: 'command', run: ['true'] }],
};

/** A plan with one small target, whose gate wants a drill within 30 days and whose records lie in `records`. */
function plan(application: string, records: string, more: object = {}): object {
  const whole = memoryPlan({ application, more: { records, ...more } }) as { targets: object; gates: object };
  const { backend } = whole.targets as { backend: object };
  const gate = {
    ...(whole.gates as { 'go-no-go': object })['go-no-go'],
    notRequester: false,
    drill: { within: '30d' },
  };
  return { ...whole, targets: { backend }, gates: { 'go-no-go': gate } };
}

/** A drill of that plan, in another environment. */
async function drilled(application: string, records: string, options: { how?: DrillWay; more?: object } = {}) {
  const { how, more = {} } = options;
  const home = join(bench().folder, `staging-${application}-${how ?? 'all'}`);
  const staging = { ...plan(application, records, more), environment: 'staging' };
  return await certificateOf(await startDrill(bench(), staging, { home, ...(how === undefined ? {} : { how }) }));
}

async function release(application: string, records: string): Promise<ReleaseResult> {
  const preApproved = { by: 'product-owner', reason: 'a test' };
  const handle = await bench().start(plan(application, records), { preApproved });
  return await handle.result();
}

async function file(records: string, application: string, certificate: Certificate): Promise<void> {
  const folder = join(records, application, 'drills');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, `${certificate.endedAt.replaceAll(':', '-')}.json`), JSON.stringify(certificate));
}

describe('a gate that wants a drill', () => {
  it('does not open for a plan that was never drilled, and says what to type', async () => {
    const application = 'never';
    const result = await release(application, join(bench().folder, 'never'));
    expect(result).toMatchObject({ outcome: 'stopped', failedStep: 'preflight', failure: { kind: 'refused' } });
    expect(result.failure?.message).toContain('never drilled');
    expect(result.failure?.remedy).toContain('savepoint drill');
    expect(memoryWorld(worldsOf(application).backend).state.version).toBe('v1');
  });

  it('opens after a drill in another environment, and for 30 days', async () => {
    const application = 'fresh';
    const records = join(bench().folder, application);
    const certificate = await drilled(application, records);
    expect(certificate).toMatchObject({ passed: true, complete: true, environment: 'staging' });
    expect(await release(application, records)).toMatchObject({ outcome: 'released' });
    const old = join(bench().folder, 'old');
    const day = 24 * 60 * 60_000;
    const endedAt = new Date(Date.now() - 31 * day).toISOString();
    await file(old, application, { ...certificate, endedAt });
    expect((await release(application, old)).failure?.message).toContain('older than the 30 days');
  });

  it('stays closed after a drill of other targets, of a part only, and after one that failed', async () => {
    const application = 'closed';
    const records = (name: string): string => join(bench().folder, `${application}-${name}`);
    const other = await drilled(application, records('other'), { more: { watch } });
    expect(other.passed).toBe(true);
    expect((await release(application, records('other'))).failure?.message).toContain('other targets, steps or rules');
    const part = await drilled(application, records('part'), { how: 'before' });
    expect(part).toMatchObject({ passed: true, complete: false });
    expect((await release(application, records('part'))).failure?.message).toContain('only in parts');
    const failed = { ...other, shape: part.shape, passed: false, failure: 'the backend stayed' };
    await file(records('part'), application, { ...failed, endedAt: new Date().toISOString() });
    expect((await release(application, records('part'))).failure?.message).toContain('failed: the backend stayed');
  });
});
