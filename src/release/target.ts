import type { Fingerprint, Level, Proof } from './fingerprint.ts';
import type { Json } from './json.ts';
import type { Carried, Carrying, Loss, LossRules } from './loss.ts';

/** Structured log lines of one attempt. Known secret values are redacted behind it. */
export interface Log {
  info(message: string, fields?: Record<string, Json>): void;
  warn(message: string, fields?: Record<string, Json>): void;
}

/** What `prepare` built and pinned for one target. `digest` covers everything that the change will run. */
export type Artefact = {
  digest: string;
  /** Where the target finds it again, in the target's own terms: a directory, an image reference. */
  location: string | null;
  /** What was pinned, for the digest that people approve: file or image name → hash. Values are never secret. */
  parts: { name: string; digest: string }[];
};

/**
 * Everything a target needs for one verb.
 *
 * - `spec`: this target's part of the plan, references already resolved: it may hold secrets, so it is never logged.
 * - `home`: absolute directory of the plan file; relative paths in `spec` start there.
 * - `key`: stable per release, target and verb. The same key finds the effect that an earlier attempt began.
 * - `fence`: grows with every attempt of the release. An attempt older than the newest one seen by the target is
 *   refused with the failure `stale-fence`.
 * - `pinned`: what `prepare` returned for this target in this release, null before it or where the kind prepares nothing.
 * - `signal`: aborted on cancellation and when the worker loses the attempt.
 */
export interface Call<Spec> {
  spec: Spec;
  application: string;
  environment: string;
  target: string;
  release: string;
  home: string;
  key: string;
  fence: number;
  pinned: Artefact | null;
  /** What the plan declares of this target's migration; null or left out: nothing is declared. */
  compatibility?: { backward: boolean; forward: boolean } | null;
  /** How long this step of this target took in earlier releases, in milliseconds, newest first; left out: not known. */
  past?: readonly number[];
  signal: AbortSignal;
  log: Log;
}

/** Each verb begins its effect, or finds the one that `key` began, and answers at once. Failures are thrown. */
export type Step<T> =
  | { state: 'done'; value: T }
  /** Look again after that many milliseconds; `detail` tells people what is awaited. */
  | { state: 'working'; detail: string; lookAgainMs: number }
  /** Only a person can do it. The verb is called again once somebody says that it is done. */
  | { state: 'ask'; question: string };

/** What was recorded of a target before it changed. `absent`: there was nothing, and going back means nothing again. */
export type Savepoint<State extends Json = Json> = {
  target: string;
  kind: string;
  release: string;
  takenAt: string;
  /** The version that ran, null when absent or not known. */
  version: string | null;
  absent: boolean;
  /** How long writers were held off for taking it, 0 when they were not. */
  heldMs: number;
  fingerprint: Fingerprint;
  /** What this kind needs to go back. Never a secret. */
  state: State;
};

/** A restore says what it proved, how long users were cut off by it, and what it set aside and kept. */
export type Restored = { proof: Proof; downtimeMs: number; kept: string | null; detail: string };

export type FindingStatus = 'PASS' | 'WARN' | 'FAIL';

/** One thing that `survey` looked at. A FAIL stops the release before anything is changed; it carries a remedy. */
export type Finding = { status: FindingStatus; what: string; remedy?: string };

/** `running` identifies what runs now, so that an approval can be void when it changed; null when absent. */
export type Survey = { findings: Finding[]; running: string | null };

/** One kind of thing that a release changes. One file per kind; vendors are loaded when used. */
export interface Target<Spec, State extends Json = Json, Change extends string = string> {
  /** Can it be changed, and can every undo be done? Changes nothing. */
  survey(call: Call<Spec>): Promise<Survey>;
  save(call: Call<Spec>): Promise<Step<Savepoint<State>>>;
  apply(call: Call<Spec>, change: Change, version: string): Promise<Step<Json>>;
  /** Restores beside, compares, and only then exchanges. Right whether the change never ran, half ran or finished. */
  restore(call: Call<Spec>, to: Savepoint<State>): Promise<Step<Restored>>;
  fingerprint(call: Call<Spec>): Promise<Fingerprint>;
}

/** Builds and pins what a change will use. Nothing that a user can see changes. */
export interface Prepares<Spec> {
  prepare(call: Call<Spec>, version: string): Promise<Step<Artefact>>;
}

/** Keeps writers out (a database) or stops serving (a service), and later puts back exactly what was. */
export interface Holds<Spec> {
  hold(call: Call<Spec>): Promise<Step<Json>>;
  resume(call: Call<Spec>, held: Json): Promise<Step<null>>;
}

/** Moves a share of the traffic. */
export interface Splits<Spec> {
  shift(call: Call<Spec>, percent: number): Promise<Step<null>>;
}

/** How a database stands against its savepoint. `differs` names what, so that people can judge. */
export type Standing = { state: 'equal' | 'differs' | 'unknown'; proof: Proof; detail: string };

/** The copy beside. `name` is where people find it. */
export type Beside = { name: string; proof: Proof; detail: string };

/** `unknown`: the world could not be asked, or does not tell. */
export type Confirmation = { state: 'done' | 'not-done' | 'unknown'; detail: string };

/** A target that holds data. */
export interface Stores<Spec, State extends Json = Json> {
  compare(call: Call<Spec>, since: Savepoint<State>): Promise<Standing>;
}

/**
 * A target that can tell to the row what a restore would undo. All three verbs, and the `restore` that follows them,
 * get the same key, so that they work on the same copy.
 */
export interface Measures<Spec, State extends Json = Json> {
  /** Builds the copy that the restore will exchange, and proves it. Harms nobody and needs no hold. */
  beside(call: Call<Spec>, from: Savepoint<State>): Promise<Step<Beside>>;
  /** Compares the copy with the current data: exact while writers are held, else an estimate of one instant. */
  loss(call: Call<Spec>, since: Savepoint<State>, rules: LossRules): Promise<Step<Loss>>;
  /** Saves the rows that the restore would undo. Only while writers are held. */
  carry(call: Call<Spec>, since: Savepoint<State>, carrying: Carrying): Promise<Step<Carried>>;
}

/** A target whose savepoint can be tried out without touching what users see. */
export interface Rehearses<Spec, State extends Json = Json> {
  /** A scratch copy of the savepoint, as a spec that the other verbs understand. Found again by `key`. */
  scratch(call: Call<Spec>, from: Savepoint<State>): Promise<Step<Spec>>;
  /** Removes every scratch of this release, and whatever belongs to it. Also what an attempt left that was killed. */
  discardScratch(call: Call<Spec>): Promise<Step<null>>;
  /** As `fingerprint`, without the rows. */
  structure(call: Call<Spec>): Promise<Fingerprint>;
  /** What changed the scratch since it was made, whoever did it. */
  seen(call: Call<Spec>): Promise<Seen>;
  /** An address that leads to `from`, with the same role, as one that leads to its scratch `to`; null: it leads elsewhere. */
  redirect(address: string, from: Spec, to: Spec): string | null;
}

/**
 * One statement that changed the structure of a scratch. `locks`: the strongest lock that it took on each table that was
 * there before. `by`: the session's own name. `ms`: null where the server does not tell.
 */
export type SeenStatement = {
  text: string;
  tag: string;
  by: string;
  ms: number | null;
  locks: { table: string; mode: string }[];
  rewrote: string[];
};

/** `findings` judge how the structure differs from before. `claimsRepeatable`: the plan says so of the migration. */
export type Seen = { statements: SeenStatement[]; findings: Finding[]; claimsRepeatable: boolean };

/** A version that runs beside everything that users see. `url`: its base, without a slash at the end. */
export type Staged = { url: string; version: string };

/** Code that can be started for a trial: no user is led to it. */
export interface Stages<Spec> {
  /** Starts the version that runs now, or the pinned one, with `env` laid over its own. Null: nothing runs now. */
  stage(call: Call<Spec>, which: 'previous' | 'new', env: Record<string, string>): Promise<Step<Staged | null>>;
  /** Ends everything that this release, or an earlier one, has staged of the target. */
  unstage(call: Call<Spec>): Promise<Step<null>>;
}

/** A target that can be asked whether a change has taken effect, whoever made it. Changes nothing. */
export interface Confirms<Spec> {
  confirm(call: Call<Spec>, change: string, version: string): Promise<Confirmation>;
}

/**
 * Something that releases set aside and that nothing removes by itself.
 *
 * - `superseded`: a restore replaced it · `savepoint`: a release saved it · `unfinished`: work that nobody goes on with
 * - `version`: installed and not in use
 * - `release`: who set it aside, shortened where only that is known · `since`: ISO 8601 · `bytes`: null when not known
 * - `level`: of the fingerprint that it has · `obstacle`: why it cannot be discarded now, null when it can
 */
export type Kept = {
  name: string;
  what: 'superseded' | 'savepoint' | 'unfinished' | 'version';
  release: string | null;
  since: string | null;
  bytes: number | null;
  owner: string | null;
  level: Level | 'unproved';
  obstacle: string | null;
};

/** A target that can list what releases left behind. A person discards it by name; no release ever does. */
export interface Keeps<Spec> {
  kept(call: Call<Spec>): Promise<Kept[]>;
  /** @throws TargetFailure `not-found` for a name that `kept` does not list, `refused` or `busy` while it is in use */
  discard(call: Call<Spec>, name: string): Promise<Step<Json>>;
}

/** The file of one kind exports this: the four verbs and whatever else the kind can do. */
export type Kind<Spec, State extends Json = Json, Change extends string = string> = Target<Spec, State, Change> &
  Partial<
    Prepares<Spec> &
      Holds<Spec> &
      Splits<Spec> &
      Stores<Spec, State> &
      Measures<Spec, State> &
      Rehearses<Spec, State> &
      Stages<Spec> &
      Confirms<Spec> &
      Keeps<Spec>
  >;

/**
 * What the table of kinds says about a kind without loading it.
 *
 * - `stores`: it holds data, so a restore may lose some · `local`: it lives on one host and uses that host's task queue
 * - `changes`: what `apply` understands, in the order in which a release uses them
 */
export type KindTraits = {
  changes: readonly string[];
  stores: boolean;
  holds: boolean;
  prepares: boolean;
  splits: boolean;
  local: boolean;
  /**
   * It holds copies of what others hold and nothing of its own. On the way back it is emptied last: where this release
   * emptied it before, and in every full rollback. No schema matters to it. Left out: it is no cache.
   */
  cache?: boolean;
  /** What it waits for happens elsewhere and takes long: earlier durations say when to look again. */
  paced?: boolean;
  /** Has the verbs of `Measures`, of `Rehearses`, of `Stages`, of `Confirms`, of `Keeps`; left out: it has not. */
  measures?: boolean;
  rehearses?: boolean;
  stages?: boolean;
  confirms?: boolean;
  keeps?: boolean;
};
