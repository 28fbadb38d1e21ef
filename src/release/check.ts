import type { Json } from './json.ts';
import type { Priority } from './plan.ts';
import type { Log } from './target.ts';

/** PASS and FAIL are measured; WARN is recorded and never acts; PENDING could not be measured and is never a PASS. */
export type CheckStatus = 'PASS' | 'WARN' | 'FAIL' | 'PENDING';

/** `evidence`: what was seen, a few lines at most. `remedy`: how to fix it; owed with FAIL and PENDING. */
export type Answer = { status: CheckStatus; summary: string; evidence: string; remedy?: string };

/**
 * `spec`: this check's part of the plan, references resolved. `home`: directory that relative paths start from.
 * `records`: the plan's folder for evidence, where people's statements are kept.
 */
export interface Asking<Spec> {
  spec: Spec;
  home: string;
  version: string;
  records?: string;
  signal: AbortSignal;
  log: Log;
  /** What a plan's references stand for, for a check that looks whether they were printed. Never shown. */
  secrets?: () => Promise<Secret[]>;
}

/** `forms`: every text under which the value may turn up. */
export type Secret = { reference: string; forms: string[] };

/** A question about a running system. It never throws for a bad answer; what could not be asked is PENDING. */
export interface Check<Spec> {
  ask(asking: Asking<Spec>): Promise<Answer>;
}

/** A check as the normalised plan holds it; `spec` is opaque to workflows. */
export type PlannedCheck = {
  name: string;
  kind: string;
  /** A critical FAIL goes back by itself where the rules allow it; another one asks. */
  critical: boolean;
  /** Asked again until PASS or WARN for at most this long; 0 asks once. */
  withinMs: number;
  /** Pause between two tries. */
  everyMs: number;
  remedy: string | null;
  spec: Json;
  /** Group of the suite that it belongs to. */
  group?: string;
  /** Names of checks in the same list that must not fail before this one is asked. */
  needs?: string[];
  /** It may be asked at the same time as others that say so; else it is asked alone. */
  parallel?: boolean;
  /** Asked at the end, whatever happened and also after an abort: it removes what others wrote. */
  cleansUp?: boolean;
  /** How urgent a failure is, which says who is told. Left out: no more than others. */
  priority?: Priority;
  /** Name of the plan's checklist that is shown with a failure. */
  incident?: string;
  /** People who may attest it while it cannot be asked; left out: nobody. */
  attestBy?: string[];
};

export type CheckResult = Answer & {
  name: string;
  kind: string;
  critical: boolean;
  durationMs: number;
  tries: number;
  group?: string;
  cleansUp?: boolean;
  /** Of the plan, where it failed or could not be asked. */
  priority?: Priority;
  incident?: string;
  /** It is PENDING, and this person states that it holds all the same. `at`: ISO 8601. */
  attested?: Attested;
};

export type Attested = { by: string; at: string; note?: string };
