import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { decideUpdate, rejectUpdate } from '../../src/workflows/messages.ts';
import { memoryPlan } from '../support/plans.ts';
import { approve, type Bench, openBench, until } from '../support/release.ts';
import { startTemporal, type TemporalForTests } from '../support/temporal.ts';

type Told = { event: string; subject: string; to: string[] };

let temporal: TemporalForTests;
let bench: Bench;
let receiver: Server;
let url: string;
let told: Told[] = [];
let answersWith = 200;

beforeAll(async () => {
  temporal = await startTemporal();
  bench = await openBench(temporal);
  receiver = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += String(chunk);
    });
    request.on('end', () => {
      if (answersWith === 200) told.push(JSON.parse(body) as Told);
      response.writeHead(answersWith).end();
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
});

afterAll(async () => {
  await bench?.stop();
  await temporal?.stop();
  receiver?.close();
});

beforeEach(() => {
  told = [];
  answersWith = 200;
});

const on = ['question', 'reminder', 'escalation', 'blocked', 'failed', 'ended', 'watch'];
const notify = (): object => ({ notify: [{ name: 'hook', kind: 'webhook', url, on }] });

async function heard(event: string, times = 1): Promise<Told[]> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    const found = told.filter((each) => each.event === event);
    if (found.length >= times) return found;
    if (Date.now() > deadline) throw new Error(`heard only ${told.map((each) => each.event).join(', ')}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

it('FR-18 a question reaches its deciders, reminds them and goes up one level after the other', async () => {
  const gates = {
    'go-no-go': {
      deciders: ['product-owner'],
      deadline: '1h',
      remindEvery: '700ms',
      escalate: [
        { after: '300ms', to: 'deployment-lead' },
        { after: '900ms', to: 'engineering-lead' },
      ],
    },
  };
  const handle = await bench.start(memoryPlan({ application: 'escalates', more: { ...notify(), gates } }));
  expect((await heard('question'))[0]).toMatchObject({ to: ['product-owner'] });
  const escalations = await heard('escalation', 2);
  expect(escalations.map(({ to }) => to)).toEqual([['deployment-lead'], ['engineering-lead']]);
  expect((await heard('reminder'))[0]).toMatchObject({ to: ['product-owner'] });
  await handle.executeUpdate(rejectUpdate, { args: [{ by: 'product-owner', reason: 'tired' }] });
  await handle.result();
  const after = told.filter(({ event }) => event === 'reminder').length;
  await new Promise((resolve) => setTimeout(resolve, 1000));
  expect(told.filter(({ event }) => event === 'reminder').length).toBe(after);
});

it('a blocked way back pages again and again until somebody owns it', async () => {
  const faults = [
    { verb: 'apply', kind: 'failed', when: 'after' },
    { verb: 'restore', kind: 'failed', times: 1 },
  ];
  const questions = { deciders: ['deployment-lead'], deadline: '400ms' };
  const plan = memoryPlan({ application: 'pages', frontend: { faults }, more: { ...notify(), questions } });
  const handle = await bench.start(plan);
  await approve(handle);
  await heard('blocked');
  await heard('escalation', 2);
  const { question } = await until(handle, (status) => status.question?.kind === 'blocked');
  const id = question?.id ?? '';
  await handle.executeUpdate(decideUpdate, { args: [{ by: 'deployment-lead', question: id, choice: 'on-it' }] });
  await new Promise((resolve) => setTimeout(resolve, 300));
  const pages = told.filter(({ event }) => event === 'escalation').length;
  await new Promise((resolve) => setTimeout(resolve, 1200));
  expect(told.filter(({ event }) => event === 'escalation').length).toBe(pages);
  await handle.executeUpdate(decideUpdate, { args: [{ by: 'deployment-lead', question: id, choice: 'retry' }] });
  expect(await handle.result()).toMatchObject({ outcome: 'rolled-back' });
});

it('a receiver that is down never holds up a release', async () => {
  answersWith = 503;
  const handle = await bench.start(memoryPlan({ application: 'deaf', more: notify() }));
  const started = Date.now();
  await approve(handle);
  await until(handle, ({ steps }) => steps.every(({ state }) => state === 'done'));
  expect(Date.now() - started).toBeLessThan(10_000);
  answersWith = 200;
  expect(await handle.result()).toMatchObject({ outcome: 'released' });
});

it('FR-15 users are told of the maintenance before a full way back, and that everything serves again after it', async () => {
  const database = { compatibility: 'breaking' };
  const frontend = { faults: [{ verb: 'apply', kind: 'failed', when: 'after' }] };
  const status = [{ name: 'status page', kind: 'webhook', url, on: ['maintenance', 'recovered'] }];
  const handle = await bench.start(
    memoryPlan({ application: 'announces', database, frontend, more: { notify: status } }),
  );
  await approve(handle);
  expect(await handle.result()).toMatchObject({ outcome: 'rolled-back' });
  expect(told.map(({ event }) => event)).toEqual(['maintenance', 'recovered']);
  expect(told[1]?.subject).toContain('everything serves again');
});

it('FR-13 a way back of code alone is no maintenance', async () => {
  const frontend = { faults: [{ verb: 'apply', kind: 'failed', when: 'after' }] };
  const status = [{ name: 'status page', kind: 'webhook', url, on: ['maintenance', 'recovered'] }];
  const handle = await bench.start(memoryPlan({ application: 'announces-code', frontend, more: { notify: status } }));
  await approve(handle);
  expect(await handle.result()).toMatchObject({ outcome: 'rolled-back' });
  expect(told).toEqual([]);
});
