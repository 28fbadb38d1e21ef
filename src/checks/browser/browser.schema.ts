import { z } from 'zod';
import { count, duration, flag, pause, text, url } from '../../plan/words.schema.ts';
import { bounds, headerValue, textPieces } from '../http/expectations.schema.ts';
import { latency } from '../http/http.schema.ts';

const named = 'by its label or text, or a CSS selector that begins with #, ., [ or css=';

const waiting = z.union(
  [
    duration.transform((forMs) => ({ forMs })),
    z
      .strictObject({
        text: text.optional().describe('Until this text is seen'),
        selector: text.optional().describe('Until something that this CSS selector finds is seen'),
        gone: flag.default(false).describe('Until it is no longer seen. Default false'),
      })
      .refine(({ text: piece, selector }) => (piece === undefined) !== (selector === undefined), {
        error: 'must hold text or selector, and not both',
      }),
  ],
  { error: 'must be a duration such as 500ms, or { text } or { selector }' },
);

const seen = z.union(
  [
    textPieces.transform((pieces) => ({ text: pieces, notText: [] })),
    z.strictObject({
      selector: text.optional().describe('CSS selector of what is looked at; default the whole page'),
      text: textPieces.default([]).describe('Text that is seen there'),
      notText: textPieces.default([]).describe('Text that is not seen there'),
      count: bounds.optional().describe('How many the selector finds: a number or { min, max }'),
      url: headerValue.optional().describe('Address of the page, or { matches }'),
    }),
  ],
  { error: 'must be a text, a list of texts, or { selector, text, notText, count, url }' },
);
export type SeenWanted = z.output<typeof seen>;

const step = z
  .strictObject({
    goto: text.optional().describe('Goes to an address, or a path such as /orders'),
    click: text.optional().describe(`Clicks a button, a link or a box: ${named}`),
    fill: z.record(text, z.string()).optional().describe(`Field: value. A field is named ${named}`),
    select: z.record(text, text).optional().describe(`List: the choice to take. A list is named ${named}`),
    press: text.optional().describe('Presses a key, such as Enter'),
    expect: seen.optional().describe('Text that is seen, or { selector, text, notText, count, url }'),
    wait: waiting.optional().describe('Waits for a time, or for { text } or { selector }; `expect` waits by itself'),
  })
  .refine((given) => Object.values(given).filter((each) => each !== undefined).length === 1, {
    error: 'must hold exactly one of goto, click, fill, select, press, expect, wait',
  });
export type BrowserStep = z.output<typeof step>;

const means = z.enum(['fail', 'warn', 'ignore'], { error: 'must be fail, warn or ignore' });

const consoleRules = z.strictObject({
  errors: means.default('fail').describe('What errors and uncaught exceptions mean. Default fail'),
  warnings: means.default('ignore').describe('What warnings mean. Default ignore'),
  ignore: textPieces.default([]).describe('Messages that do not count: a piece of them, or { matches }'),
});

const requestRules = z.strictObject({
  failed: means
    .default('fail')
    .describe('What failed requests and answers of 400 and above mean on the own site. Default fail'),
  others: means.default('warn').describe('What they mean on other sites, such as those of trackers. Default warn'),
  origins: z.array(url).default([]).describe('Addresses of sites that count as own, such as that of your CDN'),
  ignore: textPieces.default([]).describe('Requests that do not count: a piece of `GET https://… 404`, or { matches }'),
});

/** A page in a real Chromium, and what a person does there. */
export const browserSchema = z.strictObject({
  url: url.describe('Address of the first page'),
  values: z
    .record(text, z.string())
    .default({})
    .describe('Values for the steps as `{{name}}`; `unique` is another one in each run'),
  steps: z.array(step, { error: 'must be a list of steps' }).default([]).describe('What is done there, in order'),
  title: headerValue.optional().describe('Title of the last page, or { matches }'),
  text: textPieces.default([]).describe('Text that is seen on the last page'),
  notText: textPieces.default([]).describe('Text that is not seen on the last page'),
  load: latency.default({ warn: null, fail: null }).describe('Longest time until the first page is loaded'),
  console: consoleRules.prefault({}).describe('What messages in the console of the browser mean'),
  requests: requestRules.prefault({}).describe('What failed requests of the pages mean'),
  viewport: z
    .strictObject({ width: count.describe('Width in pixels'), height: count.describe('Height in pixels') })
    .default({ width: 1280, height: 800 })
    .describe('Size of the window, default 1280 × 800'),
  screenshot: z
    .enum(['always', 'failure', 'never'], { error: 'must be always, failure or never' })
    .default('failure')
    .describe(
      'When a picture of the window is kept in `records`, without passwords and filled-in fields. Default failure',
    ),
  patience: duration.default(10_000).describe('How long a step waits for what it needs, default 10s'),
  settle: pause
    .default(3_000)
    .describe('How long late requests are waited for at the end; it ends once nothing is loading. Default 3s'),
  timeout: duration.default(60_000).describe('Patience for everything together, default 60s'),
});

export type BrowserSpec = z.output<typeof browserSchema>;
