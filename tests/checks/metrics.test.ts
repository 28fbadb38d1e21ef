import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { metricsSchema } from '../../src/checks/metrics/metrics.schema.ts';
import { metrics } from '../../src/checks/metrics/metrics.ts';
import { asking } from './asking.ts';
import { crowdedPort } from './crowded-port.ts';

let server: Server;
let url: string;
let reads = 0;
let moves = true;

/** Pages that are not as they should be. */
const others: Record<string, (response: ServerResponse) => unknown> = {
  '/overloaded': (response) => response.writeHead(503).end('messages_total 5\n'),
  '/silent': (response) => response.writeHead(200).write('messages_total 5\n'),
  '/fresh': (response) => response.end('# TYPE messages_total counter\nup 1\n'),
  '/moved': (response) => response.writeHead(302, { location: 'http://nobody.invalid/metrics' }).end(),
  // Its balancer moves it away once it was read.
  '/moving': (response) => {
    others['/moving'] = others['/moved'] as (typeof others)[string];
    response.end('messages_total 5\n');
  },
};

beforeAll(async () => {
  server = createServer((request, response) => {
    const other = others[request.url ?? ''];
    if (other !== undefined) return other(response);
    if (request.url !== '/metrics') return response.end('<html>a page for people</html>');
    reads += moves ? 1 : 0;
    response.setHeader('content-type', 'text/plain; version=0.0.4');
    return response.end(`# HELP messages_total Messages that came in.
# TYPE messages_total counter
messages_total{kind="text"} ${reads}
messages_total{kind="image"} 2
# TYPE reply_seconds histogram
reply_seconds_bucket{le="0.5"} 4
reply_seconds_bucket{le="+Inf"} 5
reply_seconds_sum 3.5
reply_seconds_count 5
# TYPE queue_depth gauge
queue_depth 120
`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const ask = (series: object, more: object = {}) =>
  metrics.ask(asking(metricsSchema.parse({ url, series, between: '20ms', ...more })));

describe('SB-08 a page of metrics', () => {
  it('that shows all that it must is a PASS', async () => {
    const answer = await ask({
      messages_total: { type: 'counter', min: 2 },
      reply_seconds: { type: 'histogram', min: 5 },
      queue_depth: true,
    });
    expect(answer).toMatchObject({ status: 'PASS', summary: expect.stringContaining('all 3 series') });
    expect(answer.evidence).toContain('reply_seconds (histogram): 5');
  });

  it('without a required series, or without one of its labels, is a FAIL that names it', async () => {
    expect(await ask({ dropped_total: true })).toMatchObject({ status: 'FAIL', summary: 'dropped_total is not there' });
    expect(await ask({ messages_total: { labels: { kind: 'video' } } })).toMatchObject({
      status: 'FAIL',
      summary: 'messages_total{kind="video"} is not there',
    });
  });

  it('of another type, or beyond a limit, is a FAIL', async () => {
    expect(await ask({ queue_depth: { max: 100 } })).toMatchObject({
      status: 'FAIL',
      summary: 'queue_depth is 120, expected at most 100',
    });
    expect(await ask({ queue_depth: { type: 'counter' } })).toMatchObject({
      status: 'FAIL',
      summary: 'queue_depth is a gauge, expected a counter',
    });
  });

  it('FB-06 whose counters grow is a PASS, and a FAIL when they stand still', async () => {
    expect(await ask({ messages_total: { growing: true } })).toMatchObject({ status: 'PASS' });
    moves = false;
    const answer = await ask({ messages_total: { labels: { kind: 'text' }, growing: true } });
    expect(answer).toMatchObject({ status: 'FAIL', summary: expect.stringContaining('messages_total does not grow') });
  });

  it('that is a page for people, or not there, is a FAIL', async () => {
    expect(await ask({ up: true }, { url: url.replace('/metrics', '/') })).toMatchObject({
      status: 'FAIL',
      summary: expect.stringContaining('is no page of metrics'),
    });
    expect(await ask({ up: true }, { url: 'http://127.0.0.1:1/metrics' })).toMatchObject({ status: 'FAIL' });
  });

  it('that the server refuses, or never ends, is a FAIL, also with the right numbers in it', async () => {
    const elsewhere = (path: string) => ({ url: url.replace('/metrics', path), timeout: '300ms' });
    expect(await ask({ messages_total: true }, elsewhere('/overloaded'))).toMatchObject({
      status: 'FAIL',
      summary: expect.stringMatching(/\/overloaded answered 503$/),
    });
    expect(await ask({ messages_total: true }, elsewhere('/silent'))).toMatchObject({
      status: 'FAIL',
      summary: expect.stringContaining('gave no whole answer within 300 ms'),
    });
  });

  it('that has no number yet of what must grow is a FAIL, not one that grew from nothing', async () => {
    const answer = await ask({ messages_total: { growing: true } }, { url: url.replace('/metrics', '/fresh') });
    expect(answer).toMatchObject({ status: 'FAIL', summary: 'messages_total is not there' });
  });

  it('whose address is no address is PENDING', async () => {
    expect(await ask({ up: true }, { url: '${env:NOWHERE}' })).toMatchObject({ status: 'PENDING' });
  });

  it('on a host that takes no connection is PENDING', async () => {
    const { port, release } = await crowdedPort();
    const answer = await ask({ messages_total: true }, { url: `http://127.0.0.1:${port}/metrics`, timeout: '400ms' });
    release();
    expect(answer).toMatchObject({ status: 'PENDING', summary: expect.stringContaining('could not be reached') });
  });

  it('that leads to a name which nobody knows is PENDING, also when it does so in the second reading', async () => {
    const unknown = {
      status: 'PENDING',
      summary: expect.stringMatching(/^the name in .* could not be resolved$/),
    };
    const at = (path: string) => ({ url: url.replace('/metrics', path) });
    expect(await ask({ messages_total: true }, at('/moved'))).toMatchObject(unknown);
    expect(await ask({ messages_total: { growing: true } }, at('/moving'))).toMatchObject(unknown);
  });
});
