import { expect, it } from 'vitest';
import { openWindow } from '../../src/activities/window.ts';
import type { ReleaseWindow } from '../../src/release/plan.ts';

const saturdayNight: ReleaseWindow = { days: [6], from: '02:00', to: '06:00', timezone: 'America/New_York' };
const overMidnight: ReleaseWindow = { days: [5], from: '23:00', to: '02:00', timezone: 'Asia/Dhaka' };

const cases: [string, ReleaseWindow, string, string, string][] = [
  [
    'FR-03 waits from Monday for Saturday',
    saturdayNight,
    '2026-01-05T12:00:00Z',
    '2026-01-10T07:00:00Z',
    '2026-01-10T11:00:00Z',
  ],
  [
    'FR-03 is open in the middle',
    saturdayNight,
    '2026-01-10T09:00:00Z',
    '2026-01-10T07:00:00Z',
    '2026-01-10T11:00:00Z',
  ],
  ['FR-03 is over at its end', saturdayNight, '2026-01-10T11:00:00Z', '2026-01-17T07:00:00Z', '2026-01-17T11:00:00Z'],
  ['FR-03 follows summer time', saturdayNight, '2026-07-06T12:00:00Z', '2026-07-11T06:00:00Z', '2026-07-11T10:00:00Z'],
  ['FB-12 goes over midnight', overMidnight, '2026-01-02T18:30:00Z', '2026-01-02T17:00:00Z', '2026-01-02T20:00:00Z'],
  [
    'closes earlier by what the release needs',
    { ...saturdayNight, neededMs: 3_600_000 },
    '2026-01-10T10:30:00Z',
    '2026-01-17T07:00:00Z',
    '2026-01-17T10:00:00Z',
  ],
];

it.each(cases)('%s', async (_, window, now, opens, closes) => {
  const answer = await openWindow({ window, nowMs: Date.parse(now) });
  expect([answer.opensAtMs, answer.closesAtMs].map((at) => new Date(at).toISOString())).toEqual(
    [opens, closes].map((at) => new Date(at).toISOString()),
  );
});
