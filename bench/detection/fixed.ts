/** A rule that looks at windows of a minute and acts after so many bad ones in a row. */
export type FixedRule = { name: string; windows: number };

export const fixedRules: readonly FixedRule[] = [
  { name: 'Argo Rollouts, 3 × 60 s', windows: 3 },
  { name: 'Flagger, 10 × 60 s', windows: 10 },
];

export const windowMs = 60_000;

/** `errors`: share of wrong answers. `p95`: in milliseconds, to 1 %. Null: no request came. */
export type Seen = { errors: number; p95: number | null } | null;

const binsPerFactorE = 100;

/** Cuts a stream into windows and reduces each to the two numbers that such a rule asks for. */
export class Windows {
  readonly seen: Seen[] = [];
  readonly firstEndMs: number;
  private endMs: number;
  private n = 0;
  private wrong = 0;
  private readonly bins = new Uint32Array(2_000);

  /** `phaseMs`: end of the first window. */
  constructor(phaseMs = windowMs) {
    this.firstEndMs = phaseMs;
    this.endMs = phaseMs;
  }

  add(atMs: number, sample: number | null): void {
    while (atMs >= this.endMs) this.close();
    this.n += 1;
    if (sample === null) this.wrong += 1;
    else {
      const bin = Math.min(this.bins.length - 1, Math.max(0, Math.round(Math.log(sample) * binsPerFactorE)));
      this.bins[bin] = (this.bins[bin] ?? 0) + 1;
    }
  }

  private close(): void {
    const { n, wrong } = this;
    this.seen.push(n === 0 ? null : { errors: wrong / n, p95: this.p95(n - wrong) });
    this.endMs += windowMs;
    this.n = 0;
    this.wrong = 0;
    this.bins.fill(0);
  }

  private p95(answered: number): number | null {
    if (answered === 0) return null;
    let left = answered - Math.ceil(answered * 0.95);
    for (let bin = this.bins.length - 1; bin >= 0; bin -= 1) {
      left -= this.bins[bin] ?? 0;
      if (left < 0) return Math.exp(bin / binsPerFactorE);
    }
    return null;
  }
}

/** Limits above which a window is bad. */
export type Limits = { errors: number; p95: number };

/** The highest value that is exceeded or met by so many windows in a row. */
function highestRun(values: readonly number[], windows: number): number {
  let highest = 0;
  for (let start = 0; start + windows <= values.length; start += 1) {
    let least = Number.POSITIVE_INFINITY;
    for (let index = start; index < start + windows; index += 1) least = Math.min(least, values[index] ?? 0);
    highest = Math.max(highest, least);
  }
  return highest;
}

/** What the limits of a rule would have to be above, so that one healthy watch raises no alarm. */
export function peaksOf(seen: readonly Seen[], { windows }: FixedRule): Limits {
  return {
    errors: highestRun(
      seen.map((one) => one?.errors ?? 0),
      windows,
    ),
    p95: highestRun(
      seen.map((one) => one?.p95 ?? 0),
      windows,
    ),
  };
}

/** The lowest limits with which at most one healthy watch in a hundred raises an alarm by each of them. */
export function limitsFrom(peaks: readonly Limits[]): Limits {
  const allowed = Math.floor(peaks.length / 100);
  const nth = (values: number[]): number => values.sort((a, b) => b - a)[allowed] ?? 0;
  return { errors: nth(peaks.map(({ errors }) => errors)), p95: nth(peaks.map(({ p95 }) => p95)) };
}

/** Number of the window at whose end the rule acts, counted from 0; null: never. */
export function actsAt(seen: readonly Seen[], { windows }: FixedRule, limits: Limits): number | null {
  let errors = 0;
  let slow = 0;
  for (const [index, one] of seen.entries()) {
    errors = one !== null && one.errors > limits.errors ? errors + 1 : 0;
    slow = one !== null && (one.p95 ?? 0) > limits.p95 ? slow + 1 : 0;
    if (Math.max(errors, slow) >= windows) return index;
  }
  return null;
}
