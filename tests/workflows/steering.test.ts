import { readFile } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { shortRelease } from '../../src/release/naming.ts';
import { memoryWorld } from '../../src/targets/memory/world.ts';
import {
  decideUpdate,
  finishUpdate,
  handsOffUpdate,
  raiseUpdate,
  resumeUpdate,
  rollbackUpdate,
} from '../../src/workflows/messages.ts';
import { memoryPlan, worldsOf } from '../support/plans.ts';
import { approve, type Bench, type Handle, openBench, statusOf, until } from '../support/release.ts';
import { startTemporal, type TemporalForTests } from '../support/temporal.ts';

type Told = { event: string; subject: string; body: string; to: string[] };

let temporal: TemporalForTests;
let bench: Bench;
let server: Server;
let url: string;
let told: Told[] = [];
/** What the released service answers. */
let answer: (response: ServerResponse) => void;

const well = (response: ServerResponse): void => void response.writeHead(200).end('{}');
const broken = (response: ServerResponse): void => void response.writeHead(500).end('{}');
const slow = (response: ServerResponse): void => void setTimeout(() => well(response), 60);

beforeAll(async () => {
  temporal = await startTemporal();
  bench = await openBench(temporal);
  server = createServer((request, response) => {
    if (request.url !== '/told') return answer(response);
    let body = '';
    request.on('data', (chunk) => {
      body += String(chunk);
    });
    request.on('end', () => {
      told.push(JSON.parse(body) as Told);
      response.writeHead(200).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(async () => {
  await bench?.stop();
  await temporal?.stop();
  server?.close();
});

beforeEach(() => {
  told = [];
  answer = well;
});

const errors = { name: 'errors', measure: 'errors', rollBack: '10 %' };

/** One service that goes back by itself, watched for a minute. */
function plan(application: string, watch: object): object {
  const service = { kind: 'memory', world: worldsOf(application).backend, initial: 'v1' };
  const notify = [{ name: 'hook', kind: 'webhook', url: `${url}/told`, on: ['watch', 'reminder'] }];
  const incidents = { leak: ['Rotate the secrets', 'Tell those whose data it is'] };
  const more = { targets: { backend: service }, notify, incidents, watch: watching(watch) };
  return memoryPlan({ application, more });
}

function watching(more: object): object {
  return {
    schedule: [{ every: '20s', for: '1m' }],
    probe: { url, every: '20ms' },
    limits: [errors],
    minimumSamples: 5,
    ...more,
  };
}

async function inWatch(application: string, watch: object = {}): Promise<Handle> {
  const handle = await bench.start(plan(application, watch));
  await approve(handle);
  await until(handle, ({ phase }) => phase === 'watch');
  return handle;
}

const by = 'deployment-lead';
const version = (application: string) => memoryWorld(worldsOf(application).backend).state.version;

describe('what only people see', () => {
  const raised = {
    raised: { security: { does: 'rollBack', priority: 'P1', incident: 'leak' }, complaints: 'consult' },
    priorities: { P1: ['product-owner', 'engineering-lead'] },
  };

  it('MB-09 MB-10 a security report goes back at once, tells whom P1 names, and shows its checklist', async () => {
    const handle = await inWatch('raised-security', raised);
    const body = { by, criterion: 'security', note: 'tokens in a public page' };
    const { accepted } = await handle.executeUpdate(raiseUpdate, { args: [body] });
    expect(accepted).toContain('the rules for going back decide now');
    const result = await handle.result();
    expect(result).toMatchObject({ outcome: 'rolled-back', failedStep: 'watch' });
    expect(result.failure?.message).toBe(`security: raised by ${by}: tokens in a public page`);
    expect(result.failure?.evidence).toContain('What to do (leak):\n1. Rotate the secrets\n2. Tell those');
    expect(version('raised-security')).toBe('v1');
    const alert = told.find(({ subject }) => subject.startsWith('P1: security'));
    expect(alert?.to).toEqual(['product-owner', 'engineering-lead']);
    expect(alert?.body).toContain('1. Rotate the secrets');
  });

  it('complaints ask a person while the watch goes on, and staying lets it end well', async () => {
    const handle = await inWatch('raised-complaints', raised);
    await handle.executeUpdate(raiseUpdate, { args: [{ by, criterion: 'complaints', note: 'ten mails' }] });
    const { question } = await until(handle, ({ question: asked }) => asked?.kind === 'failure');
    expect(question?.why).toContain('ten mails');
    const given = { by, question: question?.id ?? '', choice: 'stay', reason: 'they mean the old version' };
    await handle.executeUpdate(decideUpdate, { args: [given] });
    const after = await until(handle, ({ question: asked }) => asked === null);
    expect(after.phase).toBe('watch');
    await handle.executeUpdate(finishUpdate, { args: [{ by, reason: 'seen enough' }] });
    expect((await handle.result()).outcome).toBe('released-by-decision');
    expect(version('raised-complaints')).toBe('v2');
  });

  it('is refused outside of the plan and outside of the watch, with what would be right', async () => {
    const handle = await inWatch('raised-unknown', raised);
    const raise = (criterion: string) =>
      handle.executeUpdate(raiseUpdate, { args: [{ by, criterion, note: 'seen' }] }).catch((error: Error) => {
        return error.cause instanceof Error ? error.cause.message : error.message;
      });
    expect(await raise('typo')).toBe('"typo" is not in the plan; it names security, complaints');
    await handle.executeUpdate(rollbackUpdate, { args: [{ by, reason: 'enough' }] });
    await handle.result();
  });
});

describe('hands off: I am looking', () => {
  it('a broken service stays while somebody looks, and goes back when nobody does any more', async () => {
    const handle = await inWatch('hands-off');
    await handle.executeUpdate(handsOffUpdate, { args: [{ by, reason: 'I am looking' }] });
    answer = broken;
    const held = await until(handle, ({ waitingFor }) => waitingFor?.includes('who is looking') === true);
    expect(held.handsOff).toMatchObject({ by, reason: 'I am looking' });
    expect(held.timeline.at(-1)?.what).toMatch(/^held back while deployment-lead looks: errors: \d+ of \d+ requests/);
    expect(version('hands-off')).toBe('v2');
    await handle.executeUpdate(resumeUpdate, { args: [{ by }] });
    expect(await handle.result()).toMatchObject({ outcome: 'rolled-back' });
    expect(version('hands-off')).toBe('v1');
    const { timeline } = await statusOf(handle);
    expect(timeline.map(({ what }) => what)).toContain(
      'the watch may go back by itself again: ended by deployment-lead',
    );
  });

  it('ends by itself', async () => {
    const handle = await inWatch('hands-off-expires');
    answer = broken;
    await handle.executeUpdate(handsOffUpdate, { args: [{ by, reason: 'a moment', forMs: 1_500 }] });
    expect(await handle.result()).toMatchObject({ outcome: 'rolled-back' });
    const { timeline } = await statusOf(handle);
    expect(timeline.map(({ what }) => what)).toContain(
      'the watch may go back by itself again: deployment-lead is not looking any more',
    );
  });

  it('who repairs it meanwhile keeps the release, and the time is not counted twice', async () => {
    const handle = await inWatch('hands-off-repaired', {
      schedule: [{ every: '5s', for: '5s' }],
      maxUnwatched: '90 %',
    });
    await handle.executeUpdate(handsOffUpdate, { args: [{ by, reason: 'a moment' }] });
    answer = broken;
    await until(handle, ({ waitingFor }) => waitingFor?.includes('who is looking') === true);
    answer = well;
    await handle.executeUpdate(resumeUpdate, { args: [{ by }] });
    expect(await handle.result()).toMatchObject({ outcome: 'released' });
    const { watch } = await statusOf(handle);
    expect(watch?.points.length).toBe(2);
    expect(watch?.watchedMs).toBeLessThanOrEqual(5_000);
  });
});

describe('how far a criterion is trusted', () => {
  it('one that may ask at most asks where it would go back, with what it called for', async () => {
    const handle = await inWatch('trusted-to-ask', { limits: [{ ...errors, trust: 'ask' }] });
    answer = broken;
    const { question } = await until(handle, ({ question: asked }) => asked?.kind === 'failure');
    expect(question?.why).toContain('requests since');
    expect(version('trusted-to-ask')).toBe('v2');
    await handle.executeUpdate(rollbackUpdate, { args: [{ by, reason: 'it is broken' }] });
    expect(await handle.result()).toMatchObject({ outcome: 'rolled-back' });
  });

  it('FB-10 guardrails advise and observed ones are recorded; neither acts', async () => {
    const advises = {
      name: 'too slow',
      measure: 'p95',
      rollBack: '20ms',
      advise: 'scale to 1 vCPU, 4 GB',
      priority: 'P3',
    };
    const observed = { name: 'observed', measure: 'p95', rollBack: '30ms', trust: 'observe' };
    answer = slow;
    const handle = await inWatch('guardrails', {
      limits: [errors, advises, observed],
      schedule: [{ every: '4s', for: '4s' }],
      priorities: { P3: ['engineering-lead'] },
    });
    expect(await handle.result()).toMatchObject({ outcome: 'released' });
    const { watch } = await statusOf(handle);
    const judgements = watch?.points[0]?.judgements ?? [];
    expect(judgements.find(({ criterion }) => criterion === 'too slow')?.advice).toBe('scale to 1 vCPU, 4 GB');
    expect(judgements.find(({ criterion }) => criterion === 'observed')).toMatchObject({
      verdict: 'proceed',
      withheld: 'roll back',
    });
    const news = told.find(({ subject }) => subject.startsWith('P3: watched'));
    expect(news?.to).toEqual(['engineering-lead']);
    expect(news?.body).toContain('Advice: scale to 1 vCPU, 4 GB');
  });
});

it('a release that is slower than the version before asks, because that was measured', async () => {
  const limits = [errors, { name: 'slower', measure: 'p95', against: 'baseline', consult: '50 %' }];
  const home = join(bench.folder, 'degraded');
  const handle = await bench.start(plan('degraded', { baseline: '3s', limits }), { home });
  await approve(handle);
  const { baseline } = await until(handle, ({ phase }) => phase === 'watch');
  expect(baseline?.n).toBeGreaterThan(100);
  expect(baseline?.p50?.value).toBeLessThan(50);
  const kept = await readFile(join(bench.folder, 'degraded', 'records', baseline?.record ?? ''), 'utf8');
  expect(kept.trim().split('\n').length - 2).toBe(baseline?.n);
  answer = (response) => void setTimeout(() => well(response), 500);
  const { question } = await until(handle, ({ question: asked }) => asked?.kind === 'failure');
  expect(question?.why).toMatch(/slower: \d+ of \d+ requests since .* took longer than .* which is normal/);
  await handle.executeUpdate(rollbackUpdate, { args: [{ by, reason: 'too slow' }] });
  expect(await handle.result()).toMatchObject({ outcome: 'rolled-back' });
});

it('SB-11 people are reminded of the first hour during the watch, and of the first week after it', async () => {
  const checklists = [
    { name: 'first hour', after: '0s', items: ['Monitor error rates', 'Test user flows'] },
    { name: 'first week', after: '7d', items: ['Review system stability'] },
  ];
  const handle = await inWatch('checklists', { checklists, schedule: [{ every: '2s', for: '2s' }] });
  const result = await handle.result();
  expect(result.outcome).toBe('released');
  expect(told.filter(({ event }) => event === 'reminder')).toMatchObject([
    { subject: 'Checklist: first hour', body: '- [ ] Monitor error rates\n- [ ] Test user flows' },
  ]);
  const child = bench.client.workflow.getHandle(`${result.workflowId}/checklist/${shortRelease(result.release)}-1`);
  expect((await child.describe()).status.name).toBe('RUNNING');
  await child.terminate();
});

it('a beginning that nobody could watch needs a person at the end', async () => {
  const handle = await inWatch('blind-early', {
    schedule: [{ every: '4s', for: '4s' }],
    probe: { url: 'http://nowhere.invalid/', every: '100ms' },
    maxUnwatched: '100 %',
    maxUnwatchedEarly: { time: '1s', within: '1h' },
  });
  const { question } = await until(handle, ({ question: asked }) => asked?.kind === 'failure');
  expect(question?.why).toMatch(/of the first 1 h were not measured; 1\.0 s are allowed/);
  await handle.executeUpdate(rollbackUpdate, { args: [{ by, reason: 'blind' }] });
  await handle.result();
});
