import type { Results } from './page.ts';
import type { Row } from './trials.ts';

const width = 920;
const left = 300;
const right = 40;
const rowHeight = 26;
const colours = ['#1b7f5c', '#c26a1a', '#8a5fb0'];

/** Delays on a logarithmic scale, one line for each kind of bad release; text and lines only. */
export function plotOf({ rows }: Results): string {
  const shown = rows.filter(
    ({ ours, peers }) => ours.seconds !== null || peers.some(({ delay }) => delay.seconds !== null),
  );
  const height = 90 + shown.length * rowHeight;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" font-family="sans-serif" font-size="12">`,
    '<title>Time until a bad release is found, median</title>',
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    ...legend(shown[0]),
    ...grid(height),
    ...shown.flatMap((row, index) => line(row, 70 + index * rowHeight)),
    '</svg>',
    '',
  ].join('\n');
}

/** From 1 s to 10,000 s. */
function x(seconds: number): number {
  const share = Math.log10(Math.max(1, seconds)) / 4;
  return Math.round(left + share * (width - left - right));
}

function legend(row: Row | undefined): string[] {
  const names = ['Savepoint', ...(row?.peers.map(({ rule }) => rule.name) ?? [])];
  return names.map((name, index) => {
    const at = left + index * 180;
    return `<circle cx="${at}" cy="20" r="6" fill="${colours[index]}"/><text x="${at + 12}" y="24">${name}</text>`;
  });
}

function grid(height: number): string[] {
  const marks: [number, string][] = [
    [1, '1 s'],
    [10, '10 s'],
    [60, '1 min'],
    [600, '10 min'],
    [3_600, '1 h'],
  ];
  return marks.map(
    ([seconds, words]) =>
      `<line x1="${x(seconds)}" y1="54" x2="${x(seconds)}" y2="${height - 20}" stroke="#dddddd"/><text x="${x(seconds)}" y="48" text-anchor="middle" fill="#555555">${words}</text>`,
  );
}

function line({ traffic, failure, ours, peers }: Row, y: number): string[] {
  const delays = [ours, ...peers.map(({ delay }) => delay)];
  const dots = delays.flatMap(({ seconds }, index) =>
    seconds === null ? [] : [`<circle cx="${x(seconds)}" cy="${y}" r="6" fill="${colours[index]}"/>`],
  );
  return [
    `<text x="${left - 14}" y="${y + 4}" text-anchor="end">${traffic.name}: ${failure.name}</text>`,
    `<line x1="${left}" y1="${y}" x2="${width - right}" y2="${y}" stroke="#eeeeee"/>`,
    ...dots,
  ];
}
