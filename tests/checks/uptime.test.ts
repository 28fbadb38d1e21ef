import { describe, expect, test } from 'vitest';
import { uptimeSchema } from '../../src/checks/uptime.schema.ts';
import { uptime } from '../../src/checks/uptime.ts';
import { asking } from './asking.ts';
import { closedUrl, evidenceForFile } from './evidence.ts';
import { folderForFile } from './folder.ts';

const app = evidenceForFile();
const folder = folderForFile();

const ask = (written: object) => uptime.ask(asking(uptimeSchema.parse(written), { home: folder.home() }));
const service = (more: object = {}) =>
  ask({
    service: {
      url: `${app().url}/uptime`,
      state: { path: '$.monitors[0].state', up: ['up'] },
      ratio: { path: '$.monitors[0].ratio', fail: '99 %', warn: '99.9 %' },
      ...more,
    },
  });

describe('FR-11 an uptime service', () => {
  test('that says it was up is a PASS', async () => {
    expect(await service()).toMatchObject({ status: 'PASS', summary: 'the monitor says up, up 99.98 % of the time' });
  });

  test('that says it was down for a while is a WARN, for longer a FAIL', async () => {
    app().state.uptime.ratio = 99.5;
    expect(await service()).toMatchObject({
      status: 'WARN',
      summary: 'it was up 99.5 % of the time, expected at least 99.9 %',
    });
    app().state.uptime.ratio = 98.2;
    expect(await service()).toMatchObject({
      status: 'FAIL',
      summary: 'it was up 98.2 % of the time, expected at least 99 %',
    });
  });

  test('that says it is down is a FAIL', async () => {
    app().state.uptime.state = 'down';
    expect(await service()).toMatchObject({
      status: 'FAIL',
      summary: 'the monitor says down',
      remedy: expect.any(String),
    });
  });

  test('that says nothing about it, or does not answer, is PENDING', async () => {
    expect(await service({ state: { path: '$.monitors[7].state', up: ['up'] } })).toMatchObject({ status: 'PENDING' });
    expect(await service({ url: `${app().url}/none` })).toMatchObject({ status: 'PENDING' });
    expect(await service({ url: await closedUrl() })).toMatchObject({ status: 'PENDING' });
  });
});

describe('FR-11 pings in a log', () => {
  const line = (secondsAgo: number, who = 'UptimeRobot/2.0') =>
    `${new Date(Date.now() - secondsAgo * 1000).toISOString()} GET /health 200 ${who}\n`;
  const pings = () => ask({ pings: { files: ['access.log'], holds: 'UptimeRobot', interval: '5m', over: '1h' } });

  test('that come in time are a PASS', async () => {
    await folder.write('access.log', [900, 640, 350, 60].map((ago) => line(ago)).join('') + line(1, 'curl'));
    expect(await pings()).toMatchObject({
      status: 'PASS',
      summary: expect.stringMatching(/^4 pings, never more than 29\d s apart$/),
    });
  });

  test('that stopped, paused or never came are a FAIL', async () => {
    await folder.write('access.log', line(900) + line(600));
    expect(await pings()).toMatchObject({
      status: 'FAIL',
      summary: 'the longest time without a ping is 600 s, expected at most 300 s',
    });
    await folder.write('access.log', line(900) + line(100) + line(1));
    expect(await pings()).toMatchObject({ status: 'FAIL', summary: expect.stringContaining('800 s') });
    await folder.write('access.log', line(1, 'curl') + line(7200));
    expect(await pings()).toMatchObject({
      status: 'FAIL',
      summary: 'no ping that holds "UptimeRobot" in the last 3600 s',
    });
  });

  test('that cannot be told apart in time, or whose log is not there, are PENDING', async () => {
    expect(await pings()).toMatchObject({ status: 'PENDING', summary: 'there is no file access.log' });
    await folder.write('access.log', 'GET /health UptimeRobot\n');
    expect(await pings()).toMatchObject({ status: 'PENDING', summary: 'the lines carry no time' });
  });
});
