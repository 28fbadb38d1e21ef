import type { Candidate } from './candidates.ts';
import type { Regression } from './regressions.ts';
import type { Delay, Health, Row } from './trials.ts';

export type Results = { watches: number; trials: number; candidates: Candidate[]; healths: Health[]; rows: Row[] };

/** docs/detection.md, all of it. */
export function pageOf(results: Results, regressions: readonly Regression[]): string {
  return [
    '# How soon a bad release is found',
    '',
    '<!-- Written by `npm run detection`; do not edit. -->',
    '',
    ...intro,
    '',
    '## Delay',
    '',
    `Median of ${results.trials} seeded runs, the time that nine in ten needed in brackets, and the median in requests. The last two`,
    'columns say what share of the time of the fixed rule Savepoint needs. "not found": not in four hours.',
    '',
    ...delayTable(results.rows),
    '',
    '![Delay of Savepoint and of the fixed rules](images/detection.svg)',
    '',
    '## False alarms',
    '',
    `Alarms in ${results.watches} healthy watches of 48 hours, and the limits that the fixed rules need to raise at most one in a hundred.`,
    '',
    ...healthTable(results.healths),
    '',
    '## Targets',
    '',
    ...targetLines(results),
    '',
    ...method,
    ...choice(results.candidates),
    ...comparison(regressions),
    '',
  ].join('\n');
}

const intro = [
  'The watch looks at every request as it comes and asks whether what it has seen is still possible of a healthy service.',
  'Rules of fixed windows wait: Argo Rollouts acts after three bad minutes in a row, Flagger after ten. Here both see the same',
  'seeded streams, at equal false alarms: at most one in a hundred healthy watches of 48 hours.',
  '',
  '`npm run detection` writes this page. It needs no server: it calls the functions that the sampler calls for each sample.',
];

function delayTable(rows: readonly Row[]): string[] {
  const [first] = rows;
  const rules = first?.peers.map(({ rule }) => rule.name) ?? [];
  const head = [
    'traffic',
    'release',
    'Savepoint',
    'requests',
    ...rules,
    ...rules.map((_, index) => `share ${index + 1}`),
  ];
  return [
    `| ${head.join(' | ')} |`,
    `|${head.map(() => '---|').join('')}`,
    ...rows.map((row) => {
      const { traffic, failure, ours, peers } = row;
      const requests = ours.requests === null ? '' : String(ours.requests);
      const cells = [traffic.name, failure.name, inWords(ours), requests];
      const others = peers.map(({ delay }) => inWords(delay));
      return `| ${[...cells, ...others, ...peers.map(({ delay }) => shareOf(ours, delay))].join(' | ')} |`;
    }),
  ];
}

function inWords({ seconds, slow }: Delay): string {
  if (seconds === null) return 'not found';
  return `${time(seconds)} (${slow === null ? 'not found' : time(slow)})`;
}

function time(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  return seconds < 600 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`;
}

function shareOf(ours: Delay, peer: Delay): string {
  if (ours.seconds === null) return peer.seconds === null ? '' : 'later';
  return peer.seconds === null ? 'only Savepoint' : `${((100 * ours.seconds) / peer.seconds).toFixed(0)} %`;
}

function healthTable(healths: readonly Health[]): string[] {
  const rules = ['3 × 60 s', '10 × 60 s'];
  const head = ['traffic', 'false alarms of Savepoint', ...rules.map((rule) => `limits of ${rule}: errors, p95`)];
  return [
    `| ${head.join(' | ')} |`,
    `|${head.map(() => '---|').join('')}`,
    ...healths.map(({ traffic, watches, falseAlarms, limits }) => {
      const cells = limits.map(({ errors, p95 }) => `${(errors * 100).toFixed(2)} %, ${Math.round(p95)} ms`);
      return `| ${[traffic.name, `${falseAlarms} of ${watches}`, ...cells].join(' | ')} |`;
    }),
  ];
}

const aims = [
  { failure: '5 % errors', most: 0.1, words: 'a tenth' },
  { failure: '1 % errors', most: 0.25, words: 'a quarter' },
];

function targetLines({ rows, healths }: Results): string[] {
  const aimed = aims.map(({ failure, most, words }) => {
    const met = rows
      .filter((row) => row.failure.name === failure)
      .map((row) => {
        const shares = row.peers.map(
          ({ delay }) => (row.ours.seconds ?? Number.POSITIVE_INFINITY) / (delay.seconds ?? 0),
        );
        return { name: row.traffic.name, met: shares.map((share) => share <= most) };
      });
    const against = (index: number): string =>
      met
        .filter((each) => each.met[index])
        .map(({ name }) => name)
        .join('; ') || 'nowhere';
    return `- ${failure}: at most ${words} of the time. Met against three windows: ${against(0)}. Against ten: ${against(1)}.`;
  });
  const most = Math.max(...healths.map(({ falseAlarms }) => falseAlarms));
  return [...aimed, `- At most one false alarm in 100 healthy watches of 48 hours: the most was ${most}.`];
}

const method = [
  'To tell 1 % of errors from 0.1 % beyond this doubt takes about 1,200 requests, and 5 % takes 110, by the inequality of Lorden (the',
  'logarithm of what is needed, divided by the divergence of the two shares): at ten requests a second two minutes and 11 s, at one',
  'a second 20 and 2 minutes. So a quarter of the time at 1 % is out of reach below some 30 requests a second, a tenth at 5 % below',
  'eight. Who wants to know sooner has to look more often: `watch.probe.every`.',
  '',
  'Where a fixed rule is sooner, little is known: at two requests a minute the hour before the release has 120 requests, and Savepoint takes',
  'for normal what they do not exclude. The limits of the fixed rules come from a hundred healthy watches, of which nobody has one before a',
  'release. By day and night the plan allows answers to take 25 % longer, so 20 % longer is not to be found, and +50 % is 20 % above the limit.',
  '',
  'Of bursts an hour shows little: 3.6 on average here, one hour in eight holds one or none, and a watch of two days holds 170. So errors are',
  'taken for independent only where the hour shows at least three that came alone. Where it does not, Savepoint bets on where errors begin: a',
  'second with an error after one without is one event, however much fails in the burst. What goes on longer than bursts do counts again,',
  'which is how an outage is found. How long bursts last is learned on during the watch, from those that were followed by a minute without',
  'any error; how many errors are normal is not, so a bad release is never learned. In this stream no error comes alone while all is well,',
  'so 1 % is found with fewer requests than where 0.1 % of single errors hide it. A service with single errors and rare bursts that the',
  'hour did not show is taken for one without bursts: its first burst may raise an alarm.',
  '',
  '## How it was made',
  '- Healthy: 0.1 % errors, answers log-normal with a median of 120 ms and p95 at 273 ms. Bursts: half of the requests of spells of two',
  '  seconds fail, as many in all. Day and night: a fifth of the requests at night, answers 15 % faster then; the release is made at night.',
  '- Savepoint measures the version before for one hour and then watches four limits at once: errors above 5 % and 10 %, errors above what is',
  '  normal, p95 above what is normal (by day and night: 25 % above it, as FR-12 allows). Together they may raise a false alarm in one of 100 watches.',
  '- A fixed rule calls a window bad when its share of errors, or its p95, is above a limit. The limits are the lowest with which at most',
  '  one of the healthy watches raises an alarm: nobody could have chosen better ones, and Savepoint had to find its own from one hour.',
  '- A failure begins anywhere within a window. Every stream is seeded, so every run gives the same numbers.',
  '',
];

/** What was tried on the same streams, and why one of them was taken. */
function choice(candidates: readonly Candidate[]): string[] {
  return [
    '',
    '## Which test, and why',
    'Twenty requests a second, with 0.1 % of errors known to all of them; the last column is about the bursts that are described above.',
    '',
    '| test | requests to find 1 % | 5 % | 20 % | false alarms with bursts |',
    '|---|---|---|---|---|',
    ...candidates.map(({ name, requests, falseAlarms, watches }) => {
      const found = requests.map((n) => (n === null ? 'not in 200,000' : String(n)));
      return `| ${[name, ...found, `${falseAlarms} of ${watches} watches`].join(' | ')} |`;
    }),
    '',
    'A CUSUM has to be tuned to one shift and trusts that errors come one by one; divided by the dispersion of bursts it is slow for',
    'everything. An e-detector (bets against health, opened at every block of requests and summed up; a mixture over six sizes of shift)',
    'needs no tuning. A bet on the share of a block is bounded whatever happens within it, so bursts that fit into a block raise no more',
    'false alarms than were allowed; those that fall on two blocks do, now and then, and blocks that hold long bursts are slow. A bet on',
    'where errors begin does not care how long they go on. So the watch bets on each request where the hour before shows single errors.',
    'Elsewhere it bets on where errors begin, and beside it on blocks of five seconds or more, with half of the false alarms for each.',
    'Sources: the top of `src/release/detection.ts` and `src/release/onsets.ts`.',
  ];
}

/** Two measurements of the same length, as they are compared where nothing goes on: in `performance`, at a reported point. */
function comparison(regressions: readonly Regression[]): string[] {
  const runs = regressions[0]?.runs ?? 0;
  return [
    '',
    '## A p95 that is a tenth slower',
    `So many of ${runs} seeded pairs of measurements, one before the release and one after it, are called a regression: the whole interval`,
    'of the change, with 95 % confidence, lies above nothing. Where nothing changed it is to be called one at most 5 times in 100, and over',
    '4,000 requests a slower one is to be missed at most 5 times in 100; `tests/release/degradation.test.ts` holds both.',
    '',
    '| requests in each | nothing changed | p95 +10 % |',
    '|---|---|---|',
    ...regressions.map((row) => `| ${row.n} | ${row.none} of ${runs} | ${row.tenPercent} of ${runs} |`),
  ];
}
