import { z } from 'zod';
import { duration, label, pause, text, url } from '../../plan/words.schema.ts';
import { jsonPath, pattern } from '../http/expectations.schema.ts';
import { answerExpectations, follow } from '../http/http.schema.ts';
import { hasOneBody, oneBody, requestFields } from '../http/request.schema.ts';
import { keptLink, messageFields, saysWhich, which } from '../mail/mail.schema.ts';

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

const mailCapture = z.union(
  [
    z.strictObject({ link: keptLink.describe('Address of a link of the message') }),
    z.strictObject({ matches: pattern.describe('Regular expression; its first group in the text of the message') }),
    z.strictObject({ header: text.describe('Header of the message') }),
  ],
  { error: 'must be one of { link }, { matches }, { header }' },
);
export type MailCapture = z.output<typeof mailCapture>;

const mailStep = z.strictObject({
  name: label.describe('What people call this step'),
  mail: z
    .strictObject(messageFields)
    .refine(saysWhich, which)
    .describe('Waits for a message that an earlier step has set off; what was there before the flow never counts'),
  capture: z
    .record(text, mailCapture)
    .default({})
    .describe('Values for later steps, where `{{name}}` stands for them: a link, or where else it is'),
});
export type MailStep = z.output<typeof mailStep>;

const requestStep = z
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
export type RequestStep = z.output<typeof requestStep>;

const step = z.union([requestStep, mailStep]);
export type FlowStep = z.output<typeof step>;

/** A link is kept for the expected host only, so there must be one. */
function hostsAreKnown({ base, steps }: { base?: string | undefined; steps: FlowStep[] }): boolean {
  const captures = steps.flatMap((each) => ('mail' in each ? Object.values(each.capture) : []));
  return base !== undefined || captures.every((each) => !('link' in each) || each.link.hosts !== undefined);
}

/** Several requests of one visitor: cookies are kept, and values of one answer are used in the next request. */
export const flowSchema = z
  .strictObject({
    base: url.optional().describe('Address that paths of steps start from'),
    values: z
      .record(text, z.string())
      .default({})
      .describe(
        'Values for the steps, such as `email: smoke-{{unique}}@shop.test`; `unique` is another one in each run',
      ),
    steps: z
      .array(step, { error: 'must be a list of steps' })
      .min(1, { error: 'must hold at least one step' })
      .describe('Requests, and messages that are waited for, one after the other; the first that fails ends the flow'),
    timeout: duration.default(60_000).describe('Patience for the whole flow, default 60s'),
  })
  .refine(hostsAreKnown, { path: ['base'], error: 'must be given, or hosts of each link that is captured' });

export type FlowSpec = z.output<typeof flowSchema>;
