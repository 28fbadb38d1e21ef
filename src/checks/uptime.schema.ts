import { z } from 'zod';
import { duration, path, percentage, text } from '../plan/words.schema.ts';
import { jsonPath, textPieces } from './http/expectations.schema.ts';
import { requestFields } from './http/request.schema.ts';

const ratio = z.strictObject({
  path: jsonPath.describe('JSON path of the share of time in which it was up, in per cent'),
  fail: percentage.describe('Less than this is a FAIL'),
  warn: percentage.optional().describe('Less than this is a WARN'),
});

const state = z.strictObject({
  path: jsonPath.describe('JSON path of the state of the monitor'),
  up: z.array(text).min(1).describe('States that are good, such as [up]'),
});

const service = z
  .strictObject({
    url: requestFields.url.describe('Address that the uptime service answers'),
    method: requestFields.method,
    headers: requestFields.headers,
    json: requestFields.json,
    form: requestFields.form,
    auth: requestFields.auth,
    ca: requestFields.ca,
    state: state.optional().describe('What the service says now'),
    ratio: ratio.optional().describe('How long it was up'),
  })
  .refine(({ state: now, ratio: share }) => now !== undefined || share !== undefined, {
    path: ['state'],
    error: 'is missing, and so is ratio: nothing is looked at',
  });

const pings = z.strictObject({
  files: z.array(path).min(1).describe('Logs in which the pings of the monitor are seen'),
  holds: textPieces.describe('Text of such a line, such as "UptimeRobot"'),
  interval: duration.describe('Longest time between two pings; a longer one is a FAIL'),
  over: duration.default(3_600_000).describe('How far back it is looked. Default 1h'),
});

/** An uptime monitor: what its service says, or its pings as the application saw them. */
export const uptimeSchema = z
  .strictObject({
    service: service.optional().describe('API of an uptime service'),
    pings: pings.optional().describe('Pings in a log'),
    timeout: duration.default(10_000).describe('Patience for the answer, default 10s'),
  })
  .refine(({ service: api, pings: seen }) => (api === undefined) !== (seen === undefined), {
    path: ['service'],
    error: 'must be given, or pings instead, and not both',
  });

export type UptimeSpec = z.output<typeof uptimeSchema>;
export type UptimeService = z.output<typeof service>;
export type Pings = z.output<typeof pings>;
