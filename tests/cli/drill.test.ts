import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { stringify } from 'yaml';
import type { Certificate } from '../../src/release/certificate.ts';
import { memoryPlan } from '../support/plans.ts';
import { type Bench, openBench } from '../support/release.ts';
import { startTemporal, type TemporalForTests } from '../support/temporal.ts';
import { launch, type Ran, savepoint } from './command.ts';

// Every command is a program of its own.
vi.setConfig({ testTimeout: 90_000 });

let temporal: TemporalForTests;
let bench: Bench;
let cwd: string;

beforeAll(async () => {
  temporal = await startTemporal();
  bench = await openBench(temporal);
  cwd = await mkdtemp(join(tmpdir(), 'savepoint-cli-drill-'));
});

afterAll(async () => {
  await bench?.stop();
  await temporal?.stop();
  await rm(cwd, { recursive: true, force: true });
});

const surroundings = () => ({ cwd, env: { TEMPORAL_ADDRESS: temporal.address, TEMPORAL_UI_URL: 'http://ui.test' } });

/** Writes a plan and gives the words that drill it. */
async function drilling(application: string, more: { backend?: object; environment?: string } = {}): Promise<string[]> {
  const { environment = 'test', ...rest } = more;
  const file = join(cwd, `${application}.yaml`);
  await writeFile(file, stringify({ ...memoryPlan({ application, ...rest }), environment }));
  return ['drill', '--plan', file, '--version', 'v2', '--by', 'deployment-lead'];
}

function run(words: readonly string[]): Promise<Ran> {
  return savepoint(words, surroundings());
}

describe('savepoint drill', () => {
  it('prints a line for each case, the table, and where the certificate is', async () => {
    const words = await drilling('told');
    const { code, stdout, stderr } = await run([...words, '--at', 'deploy backend', '--yes']);
    expect({ code, stderr: stderr.includes('written: ') }).toEqual({ code: 0, stderr: true });
    expect(stdout).toContain('✓ deploy backend, before its effect  rolled-back: backend proved by version');
    expect(stdout).toContain('✓ deploy backend, with its answer lost after the effect');
    expect(stdout).toContain('planted failure');
    expect(stdout).toContain('The drill passed, but only some cases were drilled');
  });

  it('ends with 4 and names what did not come back', async () => {
    const words = await drilling('bad', { backend: { faults: [{ verb: 'restore', kind: 'lie', times: 9 }] } });
    const { code, stdout } = await run([...words, '--at', 'deploy backend', '--way', 'after', '--yes', '--json']);
    const certificate = JSON.parse(stdout) as Certificate & { files: string[] };
    expect(code).toBe(4);
    expect(certificate.failure).toContain('backend ran v1 before and runs v2 now');
    expect(certificate.files).toHaveLength(2);
  });

  it('starts nothing where nobody said yes, no version is named, or nothing can be made to fail', async () => {
    const words = await drilling('refused');
    const unasked = await run(words);
    expect(unasked).toMatchObject({ code: 2 });
    expect(unasked.stderr).toContain('Say yes with --yes');
    expect((await run([...words.slice(0, 3), '--yes'])).stderr).toContain('--version');
    const nothing = await run([...words, '--yes', '--at', 'snapshot database']);
    expect(nothing).toMatchObject({ code: 2 });
    expect(nothing.stderr).toContain('migrate database, seed database, deploy backend');
    const live = await run([...(await drilling('users', { environment: 'live' })), '--yes']);
    expect(live.stderr).toContain('--production --really users/live');
    expect(await bench.client.workflow.count(`WorkflowId = 'drill/refused/test'`)).toMatchObject({ count: 0 });
  });

  it('goes on when whoever started it leaves, and is found again', async () => {
    const words = await drilling('left', { backend: { workMs: { apply: '4s' } } });
    const { child, ended } = launch([...words, '--at', 'deploy backend', '--way', 'after', '--yes'], surroundings());
    let said = '';
    child.stderr?.on('data', (data) => {
      said += data;
    });
    await vi.waitFor(() => expect(said).toContain('started drill/left/test'), { timeout: 30_000 });
    child.kill('SIGINT');
    expect(await ended).toMatchObject({ code: 5 });
    const again = await run([...words.slice(0, 3), '--attach']);
    expect({ code: again.code, out: again.stdout.includes('The drill passed') }).toEqual({ code: 0, out: true });
  });
});
