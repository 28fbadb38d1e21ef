import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeAttestation } from '../../src/checks/attest/attestation.ts';
import { memoryWorld } from '../../src/targets/memory/world.ts';
import { abortUpdate, decideUpdate } from '../../src/workflows/messages.ts';
import { benchForFile } from '../support/file-bench.ts';
import { memoryPlan, worldsOf } from '../support/plans.ts';
import { approve, until } from '../support/release.ts';

const bench = benchForFile();

const shell = (name: string, script: string, more: object = {}): object => ({
  name,
  kind: 'command',
  run: ['sh', '-c', script],
  ...more,
});

/** A file of one test in which its commands write what they did. */
const journalFor = (name: string) => {
  const file = join(bench().folder, `${name}.journal`);
  return { write: (word: string) => `echo ${word} >> ${file}`, read: () => readFile(file, 'utf8').catch(() => '') };
};

describe('SB-02 a release asks the groups of the suite at its points', () => {
  it('a FAIL in a group at smoke goes back, after what it wrote was removed', async () => {
    const application = 'suite-fail';
    const journal = journalFor(application);
    const checks = {
      orders: {
        at: ['smoke'],
        cleanup: [shell('remove rows', journal.write('removed'))],
        checks: [
          shell('order is taken', 'exit 1'),
          shell('order is billed', journal.write('billed'), { needs: ['order is taken'] }),
        ],
      },
    };
    const handle = await bench().start(memoryPlan({ application, more: { checks } }));
    await approve(handle);
    const { outcome } = await handle.result();
    expect(outcome).toBe('rolled-back');
    expect(memoryWorld(worldsOf(application).backend).state.version).toBe('v1');
    const { steps } = await until(handle, () => true);
    const found = steps.find(({ id }) => id === 'smoke')?.checks.map(({ name, status }) => `${name} ${status}`);
    expect(found).toEqual(['order is taken FAIL', 'order is billed PENDING', 'remove rows PASS']);
    expect(await journal.read()).toBe('removed\n');
  });

  it('what was left behind warns and stops nothing', async () => {
    const application = 'suite-leftover';
    const checks = {
      orders: { at: ['smoke'], cleanup: [shell('remove rows', 'exit 1')], checks: [shell('order is taken', 'true')] },
    };
    const handle = await bench().start(memoryPlan({ application, more: { checks } }));
    await approve(handle);
    expect((await handle.result()).outcome).toBe('released');
    const { steps } = await until(handle, () => true);
    expect(steps.find(({ id }) => id === 'smoke')?.checks[1]).toMatchObject({
      status: 'WARN',
      summary: expect.stringMatching(/^not cleaned up: sh ended with exit code 1/),
    });
  });

  it('an abort in the middle removes what was written, before anything goes back', async () => {
    const application = 'suite-abort';
    const journal = journalFor(application);
    const cleanup = [shell('remove rows', journal.write('removed'))];
    const checks = {
      orders: { at: ['smoke'], cleanup, checks: [shell('slow order', `${journal.write('written')}; sleep 30`)] },
    };
    const handle = await bench().start(memoryPlan({ application, more: { checks } }));
    await approve(handle);
    await until(handle, ({ steps }) => steps.find(({ id }) => id === 'smoke')?.state === 'running');
    while ((await journal.read()) === '') await new Promise((resolve) => setTimeout(resolve, 50));
    await handle.executeUpdate(abortUpdate, { args: [{ by: 'deployment-lead', reason: 'looks bad' }] });
    const { question } = await until(handle, (status) => status.question?.kind === 'abort');
    expect(await journal.read()).toBe('written\nremoved\n');
    await handle.executeUpdate(decideUpdate, {
      args: [
        { by: 'deployment-lead', question: question?.id ?? '', choice: question?.choices[0]?.id ?? '', reason: 'back' },
      ],
    });
    await handle.result().catch(() => undefined);
  });

  it('a required check that could not be asked stops before anything is changed, until a person attests it', async () => {
    const application = 'suite-attested';
    const records = join(bench().folder, 'attested-records');
    const unasked = shell('backups', 'true', { run: ['no-such-program-anywhere'] });
    const plan = memoryPlan({
      application,
      more: { records, checks: { backups: { at: ['preflight'], checks: [unasked] } } },
    });
    const first = await bench().start(plan);
    expect((await first.result()).outcome).toBe('stopped');
    await writeAttestation(records, {
      statement: 'backups',
      by: 'product-owner',
      version: 'v2',
      at: new Date().toISOString(),
      holds: true,
    });
    const second = await bench().start(plan);
    await approve(second);
    expect((await second.result()).outcome).toBe('released');
    const { steps } = await until(second, () => true);
    expect(steps.find(({ id }) => id === 'preflight')?.checks[0]).toMatchObject({
      status: 'PENDING',
      attested: { by: 'product-owner' },
    });
  });

  it('a secret of the plan that was logged stops it, and is shown nowhere', async () => {
    const value = 'kT9-hook-secret-4711';
    process.env.SUITE_HOOK_SECRET = value;
    const log = join(bench().folder, 'leaky.log');
    await writeFile(log, `ready\nauth ${encodeURIComponent(value)} refused\n`);
    const checks = {
      logs: {
        at: ['preflight'],
        checks: [
          shell('uses it', 'true', { env: { HOOK: '${env:SUITE_HOOK_SECRET}' } }),
          { name: 'nothing secret is logged', kind: 'secrets-in-logs', files: [log] },
        ],
      },
    };
    const handle = await bench().start(memoryPlan({ application: 'suite-secrets', more: { checks } }));
    const { outcome, failure } = await handle.result();
    expect(outcome).toBe('stopped');
    expect(failure?.message).toMatch(/env:SUITE_HOOK_SECRET is printed in .*leaky\.log:2/);
    expect(JSON.stringify(await until(handle, () => true))).not.toContain(value);
    Reflect.deleteProperty(process.env, 'SUITE_HOOK_SECRET');
  });
});
