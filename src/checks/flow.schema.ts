import { z } from 'zod';
import { duration, label, pattern, pause, text, url } from '../plan/words.schema.ts';
import { jsonPath } from './expectations.schema.ts';
import { answerExpectations, follow } from './http.schema.ts';
import { hasOneBody, oneBody, requestFields } from './request.schema.ts';

/** Where a value is taken from; a text is a JSON path. */
const capture = z.union(
  [
    jsonPath.transform((json) => ({ json })),
    z.strictObject({ json: jsonPath.describe('JSON path in the body') }),
    z.strictObject({ matches: pattern.describe('Regular expression; its first group in the body') }),
    z.strictObject({
      header: text.describe('Header of the answer'),
      matches: pattern.optional().describe('Regular expression; its first group in that header'),
    }),
    z.strictObject({ cookie: text.describe('Cookie that is kept by now') }),
  ],
  { error: 'must be a JSON path such as $.token, or one of { json }, { matches }, { header }, { cookie }' },
);
export type Capture = z.output<typeof capture>;

const step = z
  .strictObject({
    ...requestFields,
    url: z
      .string({ error: 'must be an address, or a path below base' })
      .regex(/^(https?:\/\/|\/|\S*\$\{|\{\{)\S*/, { error: 'must be an address, or a path below base' })
      .describe('Address, or a path below `base`'),
    name: label.describe('What people call this step'),
    follow,
    expect: answerExpectations.prefault({}).describe('What the answer must be, as for `http`; default any 2xx'),
    capture: z
      .record(text, capture)
      .default({})
      .describe('Values for later steps, where `{{name}}` stands for them: JSON path, or where else it is'),
    within: pause.default(0).describe('Asked again until it is as expected for at most this long. Default 0s'),
    every: duration.default(500).describe('Pause between two tries. Default 500ms'),
  })
  .refine(hasOneBody, oneBody);
export type FlowStep = z.output<typeof step>;

/** Several requests of one visitor: cookies are kept, and values of one answer are used in the next request. */
export const flowSchema = z.strictObject({
  base: url.optional().describe('Address that paths of steps start from'),
  values: z
    .record(text, z.string())
    .default({})
    .describe('Values for the steps, such as `email: smoke-{{unique}}@shop.test`; `unique` is another one in each run'),
  steps: z
    .array(step, { error: 'must be a list of steps' })
    .min(1, { error: 'must hold at least one step' })
    .describe('Requests, one after the other; the first that fails ends the flow'),
  timeout: duration.default(60_000).describe('Patience for the whole flow, default 60s'),
});

export type FlowSpec = z.output<typeof flowSchema>;
