import type { Json } from './json.ts';
import type { Log } from './target.ts';
import type { Judgement } from './verdict.ts';

/**
 * `spec`: this measurement's part of the plan, references resolved. `home`: directory that relative paths start from.
 * `records`: the plan's folder for evidence; what is kept there has the `release` in its name. `before`: the `record` of
 * the same measurement of the version that ran before the release, null where it was not measured or there was none.
 */
export interface Measuring<Spec> {
  name: string;
  spec: Spec;
  home: string;
  version: string;
  release: string;
  records?: string;
  before: Json | null;
  signal: AbortSignal;
  log: Log;
  /** Hides the secrets of the plan in whatever is kept or told; what `measure` returns is redacted by its caller. */
  redact<T>(value: T): T;
  /** Milliseconds since 1970; `stopwatch` is immune to corrections of the clock. */
  clock: {
    now(): number;
    sleep(ms: number, signal: AbortSignal): Promise<void>;
    stopwatch?(): number;
  };
}

/**
 * What one measurement came to. `record`: what the same measurement after the release needs to compare itself with, a few
 * kilobytes without secrets; null where nothing can be compared.
 */
export type Measured = { judgements: Judgement[]; record: Json };

/**
 * Measures a running system and judges it. What could not be measured is `unknown` with a remedy in its explanation, and
 * never good; it throws for a cancellation and for mistakes in the spec only.
 */
export interface Measurer<Spec> {
  measure(measuring: Measuring<Spec>): Promise<Measured>;
}

/** A measurement as the normalised plan holds it; `spec` is opaque to workflows. */
export type PlannedMeasurement = {
  name: string;
  kind: string;
  spec: Json;
  /** Longest time that it takes, in milliseconds. */
  longestMs: number;
  /** It has limits against the version before, which is measured the same way before anything is changed. */
  compares?: true;
};
