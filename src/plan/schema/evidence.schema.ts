import { z } from 'zod';
import { httpSchema } from '../../checks/http/http.schema.ts';
import { k6Schema } from '../../performance/k6/k6.schema.ts';
import { loadSchema } from '../../performance/load/load.schema.ts';
import { pagesSchema } from '../../performance/pages/pages.schema.ts';
import { count, duration, label, pause, share } from '../words.schema.ts';
import { checksSchema } from './checks.schema.ts';
import { baselineLimits, criteriaFields, criteriaSchema } from './criteria.schema.ts';
import { watchingFields } from './watching.schema.ts';

/** What a request of the performance step has besides the fields of an `http` check. */
const requestFields = {
  name: label.describe('What people call this request; unique in the list.'),
  samples: count.default(20).describe('How often it is sent. Default 20.'),
  every: pause.default(100).describe('Time from one sending to the next. Default 100ms.'),
  ...criteriaFields,
  baseline: baselineLimits,
};

/** What every further measurement has, whatever its kind. */
const measurementFields = { name: label.describe('What people call it; unique in the list.') };

export const performanceSchema = z
  .strictObject({
    requests: z
      .array((httpSchema as z.ZodObject).safeExtend(requestFields), { error: 'must be a list of requests' })
      .min(1, { error: 'must hold at least one request' })
      .optional()
      .describe('Requests that are measured; each has the fields of an `http` check, and limits.'),
    pages: z
      .array(pagesSchema.safeExtend(measurementFields), { error: 'must be a list of pages' })
      .min(1, { error: 'must hold at least one page' })
      .optional()
      .describe('Pages that Lighthouse opens in Chromium, and limits.'),
    load: z
      .array(loadSchema.safeExtend(measurementFields), { error: 'must be a list of loads' })
      .min(1, { error: 'must hold at least one load' })
      .optional()
      .describe('Load that is put on the application, and limits.'),
    k6: z
      .array(k6Schema.safeExtend(measurementFields), { error: 'must be a list of scripts' })
      .min(1, { error: 'must hold at least one script' })
      .optional()
      .describe('Scripts of your own that k6 runs, and limits.'),
  })
  .refine((given) => Object.keys(given).length > 0, { error: 'must hold requests, pages, load or k6' })
  .meta({ minProperties: 1 });

export type WrittenRequest = z.output<z.ZodObject<typeof requestFields>>;

/** What the probe of the watch has besides the fields of an `http` check. */
const probeFields = {
  name: label.default('probe').describe('What people call it. Default probe.'),
  every: duration.default(1000).describe('Time from one sending to the next. Default 1s.'),
};

export const watchSchema = z.strictObject({
  ...watchingFields,
  schedule: z
    .array(
      z.strictObject({
        every: duration.describe('Time from one reported point to the next.'),
        for: duration.describe('How long this stretch lasts.'),
      }),
      { error: 'must be a list of { every, for }' },
    )
    .min(1, { error: 'must hold at least one stretch such as { every: 15m, for: 4h }' })
    .describe('When the watch reports: one stretch after the other.'),
  probe: (httpSchema as z.ZodObject)
    .safeExtend(probeFields)
    .optional()
    .describe('Sent continuously between the points; has the fields of an `http` check.'),
  criteria: criteriaSchema.optional().describe('What is judged over the samples of the probe.'),
  checks: checksSchema.default([]).describe('Asked once at each reported point.'),
  throughout: z
    .strictObject({
      every: duration.default(60_000).describe('Time from one asking to the next. Default 1m.'),
      checks: checksSchema.min(1, { error: 'must hold at least one check' }).describe('Asked all the time.'),
    })
    .optional()
    .describe(
      'Checks that do not wait for the next point: a failure ends the stretch at once, or after the `within` of the check. Critical alarms and metrics are also asked in the preflight, so that none fires or is silent there.',
    ),
  minimumSamples: count.default(20).describe('Fewer samples are not judged. Default 20.'),
  maxUnwatched: share
    .default(0.1)
    .describe('Share of the watch that may go unmeasured before its end needs a person. Default 10 %.'),
  review: duration.optional().describe('People are reminded of the review this long after the release. Default never.'),
});

export type WrittenProbe = z.output<z.ZodObject<typeof probeFields>>;
