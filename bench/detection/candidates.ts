import { observe, openTest, testFor } from '../../src/release/detection.ts';
import { gather, leastSpellMs, openCells } from '../../src/release/onsets.ts';
import { watchMs } from './ours.ts';
import { type Failure, healthyErrors, Stream, type Traffic } from './streams.ts';

/** `requests`: median until 1 %, 5 % and 20 % of errors are found. `falseAlarms`: healthy watches with bursts that had one. */
export type Candidate = { name: string; requests: (number | null)[]; falseAlarms: number; watches: number };

const falseAlarms = 0.01;
const steady: Traffic = { name: 'steady', perSecond: 20, bursts: false, daily: false, margin: 0 };
const bursty: Traffic = { ...steady, bursts: true };
const everyMs = 1_000 / steady.perSecond;

/** Says whether one more request is an alarm. */
type Rule = (atMs: number, bad: boolean) => boolean;

/** Lorden's bound: a CUSUM of log-likelihoods needs the logarithm of requests per false alarm. `divisor`: tempers it. */
function cusum(tunedTo: number, divisor = 1): Rule {
  const needed = Math.log(watchMs / everyMs / falseAlarms);
  const bad = Math.log(tunedTo / healthyErrors) / divisor;
  const good = Math.log((1 - tunedTo) / (1 - healthyErrors)) / divisor;
  let sum = 0;
  return (_, isBad) => {
    sum = Math.max(0, sum + (isBad ? bad : good));
    return sum >= needed;
  };
}

function eDetector(blockMs: number, independent: boolean): Rule {
  const test = testFor({ allowed: healthyErrors, falseAlarms, watchMs, everyMs, blockMs, independent });
  const state = openTest();
  return (atMs, isBad) => test !== null && observe(test, state, { atMs, n: 1, bad: isBad ? 1 : 0 }) !== null;
}

/** One bet on each quiet second; as often as single errors begin in one, which is oftener than bursts do. */
function onsetDetector(): Rule {
  const grounds = { cellMs: 1_000, spellMs: leastSpellMs, usual: steady.perSecond };
  const allowed = 1 - (1 - healthyErrors) ** steady.perSecond;
  const test = testFor({ allowed, falseAlarms, watchMs, everyMs: grounds.cellMs, blockMs: 0 });
  const cells = openCells();
  const state = openTest();
  return (atMs, isBad) => {
    const cell = gather(grounds, cells, { atMs, n: 1, bad: isBad ? 1 : 0 });
    return test !== null && cell !== null && observe(test, state, cell) !== null;
  };
}

/** How much more the errors of bursts differ from second to second than single errors do. */
function dispersionOfBursts(): number {
  const stream = new Stream(bursty, 77);
  const counts: number[] = [];
  while (stream.atMs < watchMs) {
    const wrong = stream.next() === null ? 1 : 0;
    const second = Math.floor(stream.atMs / 10_000);
    counts[second] = (counts[second] ?? 0) + wrong;
  }
  const mean = counts.reduce((sum, each) => sum + each, 0) / counts.length;
  return counts.reduce((sum, each) => sum + (each - mean) ** 2, 0) / counts.length / mean;
}

/** All know the true share of errors of a healthy service, so that only the tests differ. */
export function compareCandidates(trials: number, watches: number): Candidate[] {
  const dispersion = dispersionOfBursts();
  const rules: { name: string; open: () => Rule }[] = [
    { name: 'CUSUM tuned to 1 %', open: () => cusum(0.01) },
    { name: 'CUSUM tuned to 20 %', open: () => cusum(0.2) },
    {
      name: `CUSUM tuned to 1 %, divided by the dispersion ${dispersion.toFixed(0)}`,
      open: () => cusum(0.01, dispersion),
    },
    { name: 'e-detector, each request a bet, blocks of 1 s', open: () => eDetector(1_000, true) },
    { name: 'e-detector, each block a bet, 1 s', open: () => eDetector(1_000, false) },
    { name: 'e-detector, each block a bet, 20 s', open: () => eDetector(20_000, false) },
    { name: 'e-detector, each beginning of errors a bet', open: onsetDetector },
  ];
  return rules.map(({ name, open }) => ({
    name,
    requests: [0.01, 0.05, 0.2].map((errors) => medianRequests(open, { name, errors, slower: 1 }, trials)),
    falseAlarms: Array.from({ length: watches }, (_, index) => raisesFalseAlarm(open(), index + 1)).filter(Boolean)
      .length,
    watches,
  }));
}

function medianRequests(open: () => Rule, failure: Failure, trials: number): number | null {
  const found = Array.from({ length: trials }, (_, index) => {
    const rule = open();
    const stream = new Stream(steady, 9_000 + index);
    for (let healthy = 0; healthy < 12_000; healthy += 1) {
      const bad = stream.next() === null;
      rule(stream.atMs, bad);
    }
    stream.failure = failure;
    for (let request = 1; request < 200_000; request += 1) {
      const bad = stream.next() === null;
      if (rule(stream.atMs, bad)) return request;
    }
    return Number.POSITIVE_INFINITY;
  }).sort((a, b) => a - b);
  const median = found[Math.floor(found.length / 2)] ?? Number.POSITIVE_INFINITY;
  return Number.isFinite(median) ? median : null;
}

function raisesFalseAlarm(rule: Rule, seed: number): boolean {
  const stream = new Stream(bursty, seed * 2);
  while (stream.atMs < watchMs) {
    const bad = stream.next() === null;
    if (rule(stream.atMs, bad)) return true;
  }
  return false;
}
