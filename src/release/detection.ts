/**
 * Finds out as soon as possible that more requests are bad than is in order, with a bound on false alarms that holds
 * however often one looks.
 *
 * An e-detector (Shin, Ramdas, Rinaldo: E-detectors, a nonparametric framework for sequential change detection, 2023).
 * Requests are gathered into blocks. The share Y of bad ones in a block is a number between 0 and 1 whose mean is at most
 * `allowed` while all is well, so a bet of 1 + λ(Y - allowed) gains nothing then, whatever happens within the block
 * (Waudby-Smith, Ramdas: Estimating means of bounded random variables by betting, 2024). Where a baseline showed that
 * requests do not fail together, each request is a bet of its own, which finds small shifts sooner. Bets are opened at
 * every block and summed up, R = (1 + R) × gain, which is Shiryaev and Roberts' rule. R minus the number of blocks is a
 * supermartingale while all is well, so by Doob's inequality it reaches `needed` within `blocks` with a probability of
 * at most blocks / needed. The mean over several λ is the same kind of thing, and finds small and large shifts alike.
 */

/**
 * `allowed`: share of bad requests that is in order. `needed`: evidence that is an alarm. `blockMs`: 0 takes each request
 * alone. `independent`: requests of a block do not fail together. `leastSamples`: nothing is said before so many were seen.
 */
export type Test = {
  allowed: number;
  needed: number;
  blockMs: number;
  independent: boolean;
  leastSamples: number;
  bets: readonly number[];
};

/**
 * JSON, under 300 bytes. `n` and `bad`: requests since `sinceMs`, when the evidence began to grow; `seen`: all. Epoch
 * milliseconds.
 */
export type TestState = {
  evidence: number[];
  /** Product of one bet's gains since it last fell to 1, which is where the evidence began to grow. */
  growth: number;
  seen: number;
  sinceMs: number;
  n: number;
  bad: number;
  block: { atMs: number; n: number; bad: number };
};

/** What an alarm rests on: the requests since its evidence began to grow. */
export type Found = { sinceMs: number; n: number; bad: number };

/** Shares that a test looks for lie between twice what is allowed and nearly all. */
const betCount = 6;
const middleBet = 2;
const mostBad = 0.99;

/** Below it a share cannot be told from nothing in any watch. */
const leastAllowed = 1e-4;

/** Far below what a number can hold. */
const mostEvidence = 1e300;

/** Each is best against one share of bad requests; those shares lie evenly on a logarithmic scale above `allowed`. */
function betsAgainst(allowed: number): number[] {
  const least = Math.min(allowed, (mostBad - allowed) / 2);
  const ratio = (mostBad - allowed) / least;
  return Array.from({ length: betCount }, (_, index) => {
    const excess = least * ratio ** (index / (betCount - 1));
    return excess / (allowed * (1 - allowed));
  });
}

/**
 * The evidence at which at most `falseAlarms` (a probability, or an expected number above 1) are raised while a healthy
 * service is watched for `blocks`.
 */
export function evidenceNeeded(falseAlarms: number, blocks: number): number {
  return Math.max(1, blocks) / falseAlarms;
}

/**
 * `watchMs` and `everyMs`: how long is watched, and how often a request comes at most. Null where more than `allowed`
 * cannot happen.
 */
export function testFor(order: {
  allowed: number;
  falseAlarms: number;
  watchMs: number;
  everyMs: number;
  blockMs: number;
  independent?: boolean;
  leastSamples?: number;
}): Test | null {
  const allowed = Math.max(leastAllowed, order.allowed);
  if (allowed >= mostBad) return null;
  const blockMs = order.blockMs <= order.everyMs ? 0 : order.blockMs;
  const blocks = Math.ceil(order.watchMs / Math.max(1, blockMs, order.everyMs));
  const needed = evidenceNeeded(order.falseAlarms, blocks);
  const { independent = false, leastSamples = 0 } = order;
  return { allowed, needed, blockMs, independent, leastSamples, bets: betsAgainst(allowed) };
}

export function openTest(): TestState {
  return { evidence: nothing(), growth: 1, seen: 0, sinceMs: 0, n: 0, bad: 0, block: emptyBlock() };
}

function nothing(): number[] {
  return Array.from({ length: betCount }, () => 0);
}

function emptyBlock(): TestState['block'] {
  return { atMs: 0, n: 0, bad: 0 };
}

/** `bad`: below 1 where a bad one counts less. `burstMs`: bursts were seen that need blocks of this length. */
export type Seen = { atMs: number; n: number; bad: number; burstMs?: number };

/** Takes in one request, or several of one moment, and changes `state`. An alarm starts the test anew. */
export function observe(test: Test, state: TestState, seen: Seen): Found | null {
  const { block } = state;
  const lengthMs = test.independent ? test.blockMs : Math.max(test.blockMs, seen.burstMs ?? 0);
  const isOver = block.n > 0 && seen.atMs >= block.atMs + lengthMs;
  const found = isOver ? closeBlock(test, state) : null;
  const open = state.block;
  if (open.n === 0) open.atMs = seen.atMs;
  open.n += seen.n;
  open.bad += seen.bad;
  if (found !== null) return found;
  return lengthMs === 0 || (seen.bad > 0 && isEnough(test, state)) ? closeBlock(test, state) : null;
}

/**
 * Requests that are bets of their own need not wait for the end of their block: between two openings of bets the evidence
 * is a supermartingale too, and the bound of Doob counts openings.
 */
function isEnough(test: Test, { evidence, seen, block }: TestState): boolean {
  if (!test.independent || seen + block.n < test.leastSamples) return false;
  // No bet gains more than the largest does on bad requests alone; mostly that is far too little, and cheap to know.
  const most = (1 + (test.bets.at(-1) ?? 0)) ** block.bad;
  if ((1 + strength(evidence)) * most < test.needed) return false;
  let sum = 0;
  for (let index = 0; index < betCount; index += 1) {
    sum += Math.min(mostEvidence, (1 + (evidence[index] ?? 0)) * gainOf(test, test.bets[index] ?? 0, block));
  }
  return sum / betCount >= test.needed;
}

/** Ends the open block, at a time that was fixed before; what it adds up to so far may be an alarm. */
export function conclude(test: Test, state: TestState): Found | null {
  return closeBlock(test, state);
}

function closeBlock(test: Test, state: TestState): Found | null {
  const { block, evidence } = state;
  if (block.n === 0) return null;
  if (state.growth <= 1) {
    state.growth = 1;
    state.sinceMs = block.atMs;
    state.n = 0;
    state.bad = 0;
  }
  state.seen += block.n;
  state.n += block.n;
  state.bad += block.bad;
  for (let index = 0; index < betCount; index += 1) {
    const gain = gainOf(test, test.bets[index] ?? 0, block);
    evidence[index] = Math.min(mostEvidence, (1 + (evidence[index] ?? 0)) * gain);
    if (index === middleBet) state.growth = Math.min(mostEvidence, state.growth * gain);
  }
  state.block = emptyBlock();
  if (strength(evidence) < test.needed || state.seen < test.leastSamples) return null;
  const { sinceMs, n, bad } = state;
  state.evidence = nothing();
  state.growth = 1;
  return { sinceMs, n, bad };
}

/** What a bet of 1 becomes; 1 on average while no more is bad than is allowed. */
function gainOf({ allowed, independent }: Test, bet: number, { n, bad }: TestState['block']): number {
  if (!independent || n === 1) return 1 + bet * (bad / n - allowed);
  return (1 + bet * (1 - allowed)) ** bad * (1 - bet * allowed) ** (n - bad);
}

function strength(evidence: readonly number[]): number {
  let sum = 0;
  for (const each of evidence) sum += each;
  return sum / betCount;
}
