import { setTimeout as wait } from 'node:timers/promises';

/** Time as durable hands see it; tests and rehearsals bring their own. Milliseconds since 1970. */
export interface Clock {
  now(): number;
  /** @throws the signal's reason when aborted */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /** Milliseconds for measuring how long something takes, immune to corrections of the clock; default `now`. */
  stopwatch?(): number;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  stopwatch: () => performance.now(),
  async sleep(ms, signal) {
    try {
      await wait(ms, undefined, { signal });
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    }
  },
};
