import type { Arrivals } from './load-arrivals.ts';
import type { Leaving, Outcome } from './load-counting.ts';

/** Sends and counts. Times are milliseconds since the load began. `room`: one more request may wait for its answer. */
export interface Gun {
  now(): number;
  room(): boolean;
  fire(dueMs: number, leaving: Leaving, ended: (outcome: Outcome) => void): void;
  miss(dueMs: number, why: 'late' | 'held'): void;
}

/** `endMs`: nothing is due from then on. */
export type Bounds = { endMs: number; timeoutMs: number; lateAfterMs: number };

/** What was not sent this long after the end is not sent any more. */
const overtimeMs = 1_000;
/** Answers are read at least after so many requests, or a rate beyond our power would never hear of them. */
const mostAtOnce = 256;
/** A user whose request failed at once does not come back at once. */
const shockMs = 100;

/** Each request leaves at its time, whatever became of those before. Resolves when all have ended. */
export async function openPace(gun: Gun, arrivals: Arrivals, bounds: Bounds): Promise<void> {
  await new Promise<void>((resolve) => new OpenPace(gun, { arrivals, bounds, over: resolve }).work());
}

class OpenPace {
  private readonly gun: Gun;
  private readonly arrivals: Arrivals;
  private readonly bounds: Bounds;
  private readonly over: () => void;
  private next = 0;
  private open = 0;
  /** Requests wait because too many others do; lateness is not ours until they have left. */
  private held = false;
  private waking: NodeJS.Timeout | NodeJS.Immediate | null = null;

  constructor(gun: Gun, { arrivals, bounds, over }: { arrivals: Arrivals; bounds: Bounds; over: () => void }) {
    this.gun = gun;
    this.arrivals = arrivals;
    this.bounds = bounds;
    this.over = over;
  }

  /** Sends what is due. */
  readonly work = (): void => {
    this.waking = null;
    const { total, dueAt } = this.arrivals;
    const now = this.gun.now();
    const isOver = now > this.bounds.endMs + overtimeMs;
    const last = isOver ? total : Math.min(total, this.next + mostAtOnce);
    for (; this.next < last && dueAt(this.next) <= now; this.next += 1) {
      if (isOver || now - dueAt(this.next) > this.bounds.timeoutMs) this.gun.miss(dueAt(this.next), this.late());
      else if (this.gun.room()) this.fire(dueAt(this.next), now);
      else {
        this.held = true;
        return;
      }
    }
    this.wait();
  };

  private fire(dueMs: number, now: number): void {
    const inTime = now - dueMs <= this.bounds.lateAfterMs;
    this.open += 1;
    this.gun.fire(dueMs, inTime ? 'in time' : this.late(), this.ended);
  }

  private late(): 'late' | 'held' {
    return this.held ? 'held' : 'late';
  }

  private readonly ended = (): void => {
    this.open -= 1;
    if (this.held && this.waking === null) this.waking = setImmediate(this.work);
    if (this.open === 0 && this.next === this.arrivals.total) this.over();
  };

  private wait(): void {
    if (this.next === this.arrivals.total) {
      if (this.open === 0) this.over();
      return;
    }
    const waitMs = this.arrivals.dueAt(this.next) - this.gun.now();
    if (waitMs > 0) this.held = false;
    this.waking = waitMs > 0 ? setTimeout(this.work, waitMs) : setImmediate(this.work);
  }
}

/** Users who each wait for their answer before they think and go on. Resolves when all have ended. */
export async function closedPace(gun: Gun, pace: { users: number; thinkMs: number }, bounds: Bounds): Promise<void> {
  const { users, thinkMs } = pace;
  const live = (startMs: number): Promise<void> =>
    new Promise((resolve) => {
      const next = (): void => {
        if (gun.now() < bounds.endMs) gun.fire(gun.now(), 'in time', ended);
        else resolve();
      };
      // No promise for each request: a generator that is always busy would spend much of its time on them.
      const ended = ({ as }: Outcome): void => {
        const pauseMs = as === 'ok' ? thinkMs : Math.max(thinkMs, shockMs);
        if (pauseMs === 0) next();
        else setTimeout(next, Math.min(pauseMs, Math.max(0, bounds.endMs - gun.now())));
      };
      setTimeout(next, startMs);
    });
  // Spread over the time to think, or all of them would come at once each time.
  await Promise.all(Array.from({ length: users }, (_, index) => live((index * thinkMs) / users)));
}
