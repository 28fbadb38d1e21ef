import type { Clock } from '../../src/checks/clock.ts';

type Sleeper = { at: number; wake: () => void };

/** Time that moves on only when everybody waits: to the next moment that somebody waits for. */
export class VirtualClock implements Clock {
  private time: number;
  private sleepers: Sleeper[] = [];

  constructor(startMs = 1_000_000) {
    this.time = startMs;
  }

  now(): number {
    return this.time;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const forget = () => {
        this.sleepers = this.sleepers.filter((one) => one !== sleeper);
        reject(signal?.reason);
      };
      const wake = () => {
        signal?.removeEventListener('abort', forget);
        resolve();
      };
      const sleeper = { at: this.time + ms, wake };
      this.sleepers.push(sleeper);
      signal?.addEventListener('abort', forget, { once: true });
    });
  }

  /** Stands still for everybody, as a suspended machine does. */
  jump(ms: number): void {
    this.time += ms;
  }

  async drive<T>(work: Promise<T>): Promise<T> {
    let over = false;
    const done = () => {
      over = true;
    };
    work.then(done, done);
    while (!over) {
      await new Promise((resolve) => setImmediate(resolve));
      this.sleepers.sort((a, b) => a.at - b.at);
      const next = this.sleepers.shift();
      if (next === undefined) continue;
      this.time = Math.max(this.time, next.at);
      next.wake();
    }
    return await work;
  }
}
