import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { type EvidenceApp, startEvidenceApp, testSecrets } from '../support/evidence-app/app.ts';
import { noFaults } from '../support/evidence-app/state.ts';
import { memoryPlan } from '../support/plans.ts';
import { launch, savepoint } from './command.ts';

let app: EvidenceApp;
beforeAll(async () => {
  app = await startEvidenceApp();
});
afterAll(() => app.stop());

let cwd: string;
let env: Record<string, string>;
beforeEach(async () => {
  Object.assign(app.faults, noFaults);
  cwd = await mkdtemp(join(tmpdir(), 'savepoint-check-'));
  env = { BASE_URL: app.url, HOOK_SECRET: testSecrets.shopify, OPS_PASSWORD: testSecrets.ops };
  await writeFile(
    join(cwd, 'release.yaml'),
    stringify(memoryPlan({ application: 'blossom', more: { checks, smoke } })),
  );
});
afterEach(() => rm(cwd, { recursive: true, force: true }));

const base = '${env:BASE_URL}';
const note = (word: string): string[] => ['sh', '-c', `echo ${word} >> journal`];
const smoke = [{ name: 'page loads', kind: 'http', url: `${base}/health`, repeatable: true }];
const checks = {
  configuration: [{ name: 'variables', kind: 'env', required: ['BASE_URL', 'HOOK_SECRET'] }],
  security: {
    needs: ['configuration'],
    parallel: true,
    checks: [
      {
        name: 'operations',
        kind: 'http',
        url: `${base}/ops`,
        auth: { basic: { user: 'ops', password: '${env:OPS_PASSWORD}' } },
      },
      {
        name: 'seeds are closed',
        kind: 'http',
        url: `${base}/seed`,
        expect: { status: 403 },
        remedy: 'unset ENABLE_SEED',
      },
    ],
  },
  webhooks: {
    needs: ['security'],
    cleanup: [{ name: 'remove events', kind: 'command', run: note('removed') }],
    checks: [
      {
        name: 'signed webhook',
        kind: 'http',
        url: `${base}/webhooks/shopify/orders`,
        method: 'POST',
        json: { id: 1 },
        sign: { style: 'shopify', secret: '${env:HOOK_SECRET}' },
      },
    ],
  },
};

const run = (...words: string[]) => savepoint(['check', ...words], { cwd, env });

describe('SB-01 SB-02 the suite from a terminal', () => {
  it('says that nothing blocks, and ends with 0', async () => {
    const { code, stdout, stderr } = await run();
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^configuration\n {2}✔ PASS {4}variables: 2 required variables are set and look right/);
    expect(stdout).toMatch(/■ 5 PASS: nothing blocks\n$/);
    expect(code).toBe(0);
  });

  it('one FAIL blocks with 3; what needs it is PENDING with the reason and not run', async () => {
    app.faults.openSeeds = true;
    const events = app.state.events.length;
    const { code, stdout } = await run('--junit', 'out/junit.xml', '--markdown', 'out/dashboard.md');
    expect(code).toBe(3);
    expect(stdout).toContain('✘ FAIL    seeds are closed: status is 200, expected 403');
    expect(stdout).toContain('      → unset ENABLE_SEED');
    expect(stdout).toContain('? PENDING signed webhook: not asked, because it needs seeds are closed, which is FAIL');
    expect(stdout).toContain('■ 2 PASS, 1 FAIL, 1 PENDING: blocked: see to every FAIL');
    expect(app.state.events).toHaveLength(events);
    const xml = await readFile(join(cwd, 'out/junit.xml'), 'utf8');
    expect(xml).toMatch(/<testsuites name="blossom test" tests="4" failures="1" errors="1" skipped="0"/);
    expect(xml).toContain('<failure message="status is 200, expected 403">');
    const markdown = await readFile(join(cwd, 'out/dashboard.md'), 'utf8');
    expect(markdown).toContain('**BLOCKED** · 2 PASS, 1 FAIL, 1 PENDING');
    expect(markdown).toMatch(
      /\| FAIL \| seeds are closed \| status is 200, expected 403 \| GET .*\| unset ENABLE\\_SEED \|/,
    );
  });

  it('one group with what it needs, one check alone, and the list of a point', async () => {
    expect((await run('security')).stdout).toMatch(/variables[\s\S]*operations[\s\S]*3 PASS/);
    expect((await run('--only', 'operations')).stdout).toMatch(/operations[\s\S]*■ 1 PASS/);
    expect((await run('smoke')).stdout).toMatch(/^smoke\n {2}✔ PASS {4}page loads/);
  });

  it('with --json: one document', async () => {
    app.faults.openSeeds = true;
    const { code, stdout } = await run('--json', '--version', 'v2');
    expect(code).toBe(3);
    const document = JSON.parse(stdout);
    expect(document).toMatchObject({
      schemaVersion: 1,
      application: 'blossom',
      version: 'v2',
      standing: 'blocked',
      counts: { PASS: 2, WARN: 0, FAIL: 1, PENDING: 1 },
    });
    expect(document.results[2]).toMatchObject({
      name: 'seeds are closed',
      group: 'security',
      status: 'FAIL',
      remedy: 'unset ENABLE_SEED',
    });
  });

  it.each([
    [
      'an unknown group',
      ['webhoks'],
      'there is no group "webhoks"\nDid you mean "webhooks"? Groups of this plan: configuration, security, webhooks, smoke.',
    ],
    ['an unknown check', ['--only', 'nothing'], 'there is no check "nothing"'],
  ])('%s is wrong use', async (_, words, says) => {
    const { code, stderr } = await run(...words);
    expect(stderr).toContain(says);
    expect(code).toBe(2);
  });
});

describe('SB-02 a required check that could not be asked', () => {
  const version = ['--version', 'v2'];
  const attest = (...more: string[]) =>
    savepoint(['attest', 'operations', ...version, '--by', 'product-owner', '--note', 'looked at by hand', ...more], {
      cwd,
      env,
    });
  beforeEach(() => {
    Reflect.deleteProperty(env, 'OPS_PASSWORD');
  });

  it('blocks with 4 and says who may attest it and how', async () => {
    const { code, stdout } = await run('security', ...version);
    expect(code).toBe(4);
    expect(stdout).toContain('? PENDING operations: 1 reference(s) without a value');
    expect(stdout).toContain(
      "or product-owner looks and states: savepoint attest 'operations' --version v2 --by product-owner",
    );
    expect(stdout).toContain('blocked until a person attests what could not be asked');
  });

  it('without a version blocks as well, and says that one is needed to attest it', async () => {
    const { code, stdout } = await run('security');
    expect(code).toBe(4);
    expect(stdout).toContain('or ask again with --version, so that product-owner can attest it');
    expect(stdout).not.toContain('0.0.0');
  });

  it('stays PENDING and blocks no longer once that person has attested it, for this version only', async () => {
    expect((await attest()).code).toBe(0);
    const { code, stdout } = await run('security', ...version);
    expect(code).toBe(0);
    expect(stdout).toContain('? PENDING operations');
    expect(stdout).toMatch(/attested: product-owner at .*: looked at by hand/);
    expect((await run('security', '--version', 'v3')).code).toBe(4);
  });

  it('fails when the person says that it does not hold', async () => {
    await attest('--withdraw');
    const { code, stdout } = await run('security', ...version);
    expect(code).toBe(3);
    expect(stdout).toContain('could not be asked, and product-owner says that it does not hold: looked at by hand');
  });

  it('is not attested by somebody else', async () => {
    await savepoint(['attest', 'operations', ...version, '--by', 'deployment-lead'], { cwd, env });
    expect((await run('security', ...version)).code).toBe(4);
  });
});

describe('what a check writes', () => {
  const journal = () => readFile(join(cwd, 'journal'), 'utf8').catch(() => '');

  it('is cleaned up after it, also when it failed', async () => {
    app.faults.wrongSecret = true;
    const { code, stdout } = await run('webhooks');
    expect(code).toBe(3);
    expect(stdout).toContain('✔ PASS    remove events');
    expect(await journal()).toBe('removed\n');
  });

  it('is cleaned up after Ctrl-C, which ends with 6', async () => {
    app.faults.slowMs = 3_000;
    const { child, ended } = launch(['check', 'webhooks', '--only', 'signed webhook'], { cwd, env });
    const asked = app.state.requests;
    while (app.state.requests === asked) await new Promise((resolve) => setTimeout(resolve, 20));
    child.kill('SIGINT');
    const { code, stderr } = await ended;
    expect(stderr).toContain('Stopped; what had been begun was cleaned up.');
    expect(await journal()).toBe('removed\n');
    expect(code).toBe(6);
  });

  it('is cleaned up by hand after a run that was killed', async () => {
    expect((await run('--cleanup')).stdout).toMatch(/remove events[\s\S]*■ 1 PASS/);
    expect(await journal()).toBe('removed\n');
  });
});

it('values of references are in no output', async () => {
  const echo = { name: 'echoes', kind: 'command', run: ['sh', '-c', 'echo "got $0"; exit 1', '${env:HOOK_SECRET}'] };
  await writeFile(
    join(cwd, 'release.yaml'),
    stringify(memoryPlan({ application: 'blossom', more: { checks: { leaks: [echo] } } })),
  );
  const { code, stdout, stderr } = await run('--junit', 'j.xml', '--markdown', 'd.md');
  const files = await Promise.all(['j.xml', 'd.md'].map((file) => readFile(join(cwd, file), 'utf8')));
  expect([stdout, stderr, ...files].join('\n')).not.toContain(testSecrets.shopify);
  expect(stdout).toContain('[redacted]');
  expect(code).toBe(3);
});
