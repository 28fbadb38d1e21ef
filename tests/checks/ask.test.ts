import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { askUntil } from '../../src/checks/ask.ts';
import type { Clock } from '../../src/checks/clock.ts';
import { httpSchema } from '../../src/checks/http/http.schema.ts';
import { checkKinds } from '../../src/checks/kinds.schema.ts';
import { loadCheck } from '../../src/checks/kinds.ts';
import type { PlannedCheck } from '../../src/release/check.ts';
import type { Json } from '../../src/release/json.ts';
import { asking } from './asking.ts';

let server: Server | undefined;
afterEach(() => new Promise((resolve) => (server === undefined ? resolve(undefined) : server.close(resolve))));

async function failing(times: number): Promise<Json> {
  let asked = 0;
  server = createServer((_request, response) => {
    asked += 1;
    response.writeHead(asked > times ? 200 : 503).end();
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  return httpSchema.parse({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` }) as Json;
}

/** Time that passes only by sleeping. */
function handClock(): Clock {
  let now = 1_000;
  const sleep = async (ms: number) => {
    now += ms;
  };
  return { now: () => now, sleep };
}

const planned = (spec: Json, more: Partial<PlannedCheck> = {}): PlannedCheck => ({
  name: 'shop answers',
  kind: 'http',
  critical: true,
  withinMs: 10_000,
  everyMs: 1_000,
  remedy: null,
  spec,
  ...more,
});

describe('asking until', () => {
  test('gives up after its time, with the remedy of the plan', async () => {
    const spec = await failing(99);
    const result = await askUntil(planned(spec, { remedy: 'call the on-call' }), asking(spec), handClock());
    expect(result).toMatchObject({
      status: 'FAIL',
      tries: 11,
      durationMs: 10_000,
      remedy: 'call the on-call',
      name: 'shop answers',
    });
  });

  test('asks once when it has no time', async () => {
    const spec = await failing(99);
    expect(await askUntil(planned(spec, { withinMs: 0 }), asking(spec), handClock())).toMatchObject({
      status: 'FAIL',
      tries: 1,
    });
  });

  test('stops at the first good answer', async () => {
    const spec = await failing(3);
    const result = await askUntil(planned(spec), asking(spec), handClock());
    expect(result).toMatchObject({ status: 'PASS', tries: 4, durationMs: 3_000, critical: true, kind: 'http' });
  });

  test('a cancelled wait throws the reason', async () => {
    const spec = await failing(99);
    const controller = new AbortController();
    const clock: Clock = {
      now: () => 0,
      sleep: async (_ms, signal) => {
        controller.abort(new Error('given up'));
        signal.throwIfAborted();
      },
    };
    await expect(askUntil(planned(spec), asking(spec, { signal: controller.signal }), clock)).rejects.toThrow(
      'given up',
    );
  });

  test('every kind in the table loads, and an unknown one is refused with the names', async () => {
    for (const kind of Object.keys(checkKinds)) expect((await loadCheck(kind)).ask).toBeTypeOf('function');
    await expect(loadCheck('constructor')).rejects.toThrow(
      'there is no kind of check called constructor; known are http, sql',
    );
  });
});

describe('a question that nothing answers', () => {
  const nowhere = (): Json => httpSchema.parse({ url: 'http://nobody.invalid/' }) as Json;

  test('is asked again while its patience lasts, and is PENDING then', async () => {
    const check = { ...planned(nowhere(), { withinMs: 0 }), pendingForMs: 3_000 };
    const result = await askUntil(check, asking(nowhere()), handClock());
    expect(result).toMatchObject({ status: 'PENDING', tries: 4 });
  });

  test('does not lend its patience to a bad answer', async () => {
    const spec = await failing(99);
    const check = { ...planned(spec, { withinMs: 0 }), pendingForMs: 3_000 };
    expect(await askUntil(check, asking(spec), handClock())).toMatchObject({ status: 'FAIL', tries: 1 });
  });
});
