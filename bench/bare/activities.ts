import { setTimeout as sleep } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import { request } from 'undici';

/** What a bare workflow calls. Each beats as Savepoint's activities do. */
export interface BareActivities {
  touch(): Promise<{ at: number }>;
  /** Works for so long; a repeated attempt has nothing left to do. */
  work(ms: number): Promise<{ attempt: number }>;
  /** One question to a service, as a naive watch asks it. */
  sample(probe: Probe): Promise<{ at: string; ok: boolean; status: number; ms: number }>;
}

export type Probe = { name: string; url: string; expect: { status: number }; timeoutMs: number };

const beatEveryMs = 1000;

async function beating<T>(work: () => Promise<T>): Promise<T> {
  const context = Context.current();
  const beat = setInterval(() => context.heartbeat(), beatEveryMs);
  try {
    return await work();
  } finally {
    clearInterval(beat);
  }
}

export const bareActivities: BareActivities = {
  touch: () => beating(async () => ({ at: performance.timeOrigin + performance.now() })),
  work: (ms) =>
    beating(async () => {
      const { cancellationSignal, info } = Context.current();
      if (info.attempt === 1) await sleep(ms, undefined, { signal: cancellationSignal });
      return { attempt: info.attempt };
    }),
  sample: ({ url, expect, timeoutMs }) =>
    beating(async () => {
      const begun = performance.now();
      const { statusCode: status, body } = await request(url, { signal: AbortSignal.timeout(timeoutMs) });
      await body.dump();
      const ms = Math.round((performance.now() - begun) * 10) / 10;
      return { at: new Date().toISOString(), ok: status === expect.status, status, ms };
    }),
};
