import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Clock } from '../../src/checks/clock.ts';
import { shortRelease } from '../../src/release/naming.ts';
import { memoryPlan, worldsOf } from '../support/plans.ts';
import { approve, openBench } from '../support/release.ts';
import { startTimeSkipping } from '../support/temporal.ts';
import { findTestServer } from '../support/test-server.ts';

const hour = 3_600_000;
const found = await findTestServer();
const missing = 'missing' in found ? found.missing : null;

type Told = { event: string; subject: string; body: string };

let server: Server;
let url: string;
const told: Told[] = [];
beforeAll(async () => {
  server = createServer((request, response) => {
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
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
afterAll(() => {
  server?.close();
});

const checklists = [
  { name: 'day 1 to 7', after: '1d', items: ['Review system stability'] },
  { name: 'hour 0 to 1', after: '0s', items: ['Monitor error rates', 'Test user flows'] },
  { name: 'hour 1 to 24', after: '1h', items: ['Look at slow queries'] },
];

it.skipIf(missing !== null)(
  'SB-11 people are reminded of each checklist when it is due, and of the review with the timeline, long after the watch',
  async () => {
    const environment = await startTimeSkipping();
    let time = await environment.currentTimeMs();
    const clock: Clock = {
      now: () => time,
      sleep: async (ms) => {
        time += ms;
        await new Promise(setImmediate);
      },
    };
    const { address = '' } = environment.connection.options;
    const bench = await openBench({ address, client: environment.client, clock });
    try {
      const service = { kind: 'memory', world: worldsOf('reminders').backend, initial: 'v1' };
      const checks = [{ name: 'fine', kind: 'command', run: ['true'] }];
      const watch = { schedule: [{ every: '1h', for: '4h' }], checks, checklists, review: '1d' };
      // Both are due within seconds: the test server skips no time any more once a child of a closed workflow has closed.
      const notify = [{ name: 'hook', kind: 'webhook', url, on: ['reminder'] }];
      const more = { targets: { backend: service }, notify, watch };
      const handle = await bench.start(memoryPlan({ application: 'reminders', more }));
      await approve(handle);
      const { outcome, workflowId, release, endedAt } = await handle.result();
      expect(outcome).toBe('released');
      expect(told.map(({ subject }) => subject)).toEqual(['Checklist: hour 0 to 1', 'Checklist: hour 1 to 24']);
      expect(told[0]?.body).toBe('- [ ] Monitor error rates\n- [ ] Test user flows');

      const short = shortRelease(release);
      for (const id of [`review/${short}`, `checklist/${short}-1`]) {
        const child = environment.client.workflow.getHandle(`${workflowId}/${id}`);
        await child.result();
        const { closeTime } = await child.describe();
        expect(((closeTime?.getTime() ?? 0) - Date.parse(endedAt)) / hour).toBeCloseTo(24 - 4, 0);
      }
      expect(told.slice(2).map(({ subject }) => subject)).toEqual([
        'Review of reminders v2 on test is due',
        'Checklist: day 1 to 7',
      ]);
      expect(told[2]?.body).toContain('phase: watch');
    } finally {
      await bench.stop();
      await environment.teardown();
    }
  },
  60_000,
);
