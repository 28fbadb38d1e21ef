import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { onPath } from '../../src/dev/temporal-cli.ts';
import { loadSchema } from '../../src/performance/load/load.schema.ts';
import { orderOf } from '../../src/performance/load/load.ts';
import { judgementsOf } from '../../src/performance/load/load-judging.ts';
import { runGenerator } from '../../src/performance/load/load-process.ts';
import { begun, measured, of, recordOf } from './loads.ts';
import { startServer, type TestServer } from './servers.ts';

/** Part of every Debian and Ubuntu; other systems have none. */
const prlimit = await onPath('prlimit');

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

const at = (path: string): object => ({ url: `${server.origin}${path}` });

describe('a load that says nothing about the service', () => {
  const limits = { errors: { rollBack: '1 %' }, p50: { rollBack: '1s' } };

  it('is void where the rate is beyond the generator', async () => {
    const found = await measured({ rate: '400000/s', requests: [at('/')], for: '300ms', timeout: '1s', ...limits });
    for (const judgement of found.judgements) expect(judgement).toMatchObject({ verdict: 'unknown', value: null });
    expect(of(found, 'errors of shop').explanation).toMatch(
      /^void: .* of the 120000 that the rate asked for, .*: give/,
    );
    expect(recordOf(found).measurement).toBeNull();
  });

  it('is void where the generator stood still', async () => {
    const order = measured({ rate: '50/s', for: '2s', requests: [at('/')], p99: { rollBack: '1s' }, ...limits });
    const [pid = 0] = await begun(server);
    process.kill(pid, 'SIGSTOP');
    await sleep(1_000);
    process.kill(pid, 'SIGCONT');
    const found = await order;
    for (const judgement of found.judgements) expect(judgement).toMatchObject({ verdict: 'unknown', value: null });
    expect(of(found, 'p99 of shop').explanation).toMatch(/^void: .* give the worker more processor time/);
  });

  it('is void where too many requests wait for one more', async () => {
    const found = await measured({ rate: '80/s', maxInFlight: 2, requests: [at('/slow')], ...limits });
    expect(of(found, 'p50 of shop')).toMatchObject({ verdict: 'unknown', value: null });
    expect(of(found, 'p50 of shop').explanation).toContain('raise maxInFlight');
  });

  it.skipIf(prlimit === null)('is void where no more files can be opened', async () => {
    const written = { rate: '200/s', for: '500ms', warmUp: '0', timeout: '2s', requests: [at('/never')] };
    const spec = loadSchema.parse({ ...written, errors: { rollBack: '1 %' } });
    const order = orderOf('shop', spec);
    const { signal } = new AbortController();
    const result = await runGenerator(order, { signal, before: [prlimit ?? '', '--nofile=64:64'] });
    const [judgement] = judgementsOf(result, { name: 'shop', spec, pace: order.pace, before: null });
    expect(judgement).toMatchObject({ verdict: 'unknown', value: null });
    expect(judgement?.explanation).toMatch(/^void: .* could not leave our side \(\d+ × EMFILE\): raise the limit/);
  });

  it('is void where the address leads nowhere', async () => {
    const requests = [{ url: 'http://savepoint.invalid/' }];
    const found = await measured({ rate: '10/s', timeout: '500ms', requests, ...limits });
    expect(of(found, 'errors of shop')).toMatchObject({ verdict: 'unknown', value: null });
    expect(of(found, 'errors of shop').explanation).toMatch(/^void: nothing could be reached from here/);
  });

  it('is void where the generator was killed', async () => {
    const order = measured({ rate: '10/s', for: '20s', requests: [at('/')], ...limits });
    const [pid = 0] = await begun(server);
    process.kill(pid, 'SIGKILL');
    expect((await order).judgements).toMatchObject([
      {
        criterion: 'shop',
        verdict: 'unknown',
        explanation: expect.stringContaining('the generator ended with SIGKILL'),
      },
    ]);
  });
});
