import { request } from 'undici';

/** One question to the shop: asked at `at` (ms since 1970), answered well or not. */
export type Sample = { at: number; ok: boolean };

export type Prober = {
  /** How long the shop did not answer between two moments, in ms. */
  downtimeMs(from: number, to: number): number;
  stop(): Promise<void>;
};

const everyMs = 50;
const timeoutMs = 500;

/** Asks for the shop's health through its public address every 50 ms, whether or not the last question was answered. */
export function startProber(origin: string): Prober {
  const samples: Sample[] = [];
  const open = new Set<Promise<void>>();
  const timer = setInterval(() => {
    const at = Date.now();
    const asked: Promise<void> = healthy(origin)
      .then((ok) => {
        samples.push({ at, ok });
      })
      .finally(() => open.delete(asked));
    open.add(asked);
  }, everyMs);
  return {
    downtimeMs: (from, to) => downtime(samples, from, to),
    stop: async () => {
      clearInterval(timer);
      await Promise.all(open);
    },
  };
}

async function healthy(origin: string): Promise<boolean> {
  try {
    const { statusCode, body } = await request(`${origin}/api/health`, {
      signal: AbortSignal.timeout(timeoutMs),
    });
    await body.dump();
    return statusCode === 200;
  } catch {
    return false;
  }
}

/** Each failed question counts until the next one that was answered was asked; the last one for the usual distance. */
export function downtime(samples: readonly Sample[], from: number, to: number): number {
  const inside = samples.filter(({ at }) => at >= from && at < to).sort((one, other) => one.at - other.at);
  let total = 0;
  for (const [index, { at, ok }] of inside.entries()) {
    if (!ok) total += (inside[index + 1]?.at ?? Math.min(to, at + everyMs)) - at;
  }
  return Math.round(total);
}
