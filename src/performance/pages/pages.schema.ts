import { z } from 'zod';
import { amount, count, duration, size, text, url } from '../../plan/words.schema.ts';

type Bands = { consult?: number | undefined; rollBack?: number | undefined };

/** Both limits of one value. `worse`: on which side of a limit the bad values are. */
function bands<Limit extends z.ZodType<number>>(limit: Limit, worse: 'above' | 'below', what: string) {
  const side = worse === 'above' ? 'Above' : 'Below';
  return z
    .strictObject({
      consult: limit.optional().describe(`${side} it a person is asked`),
      rollBack: limit.optional().describe(`${side} it the release goes back`),
    })
    .refine((given: Bands) => given.consult !== undefined || given.rollBack !== undefined, {
      error: 'must name consult, rollBack or both',
    })
    .refine(({ consult, rollBack }: Bands) => ordered(worse, consult, rollBack), {
      path: ['consult'],
      error: `asks only ${worse} the limit at which it goes back anyway; make consult ${worse === 'above' ? 'lower' : 'higher'} than rollBack`,
    })
    .meta({ description: what, minProperties: 1 })
    .optional();
}

function ordered(worse: 'above' | 'below', consult: number | undefined, rollBack: number | undefined): boolean {
  if (consult === undefined || rollBack === undefined) return true;
  return worse === 'above' ? consult < rollBack : consult > rollBack;
}

const points = z.int({ error: 'must be a whole number from 0 to 100' }).min(0).max(100);
const shift = z.number({ error: 'must be a number such as 0.1' }).min(0, { error: 'must not be negative' });

/** The most that people want to be sent; more asks a person, unless it says more. */
function most<Limit extends z.ZodType<number>>(limit: Limit, what: string) {
  const asking = limit.transform((consult): Bands => ({ consult }));
  return z
    .union([asking, bands(limit, 'above', what).unwrap()])
    .optional()
    .describe(what);
}

const budget = z
  .strictObject({
    total: most(size, 'Everything that is transferred, compressed as it is sent'),
    document: most(size, 'HTML of the page'),
    script: most(size, 'Scripts'),
    stylesheet: most(size, 'Style sheets'),
    image: most(size, 'Images'),
    font: most(size, 'Fonts'),
    media: most(size, 'Sound and video'),
    thirdParty: most(size, 'What comes from other sites'),
    requests: most(amount, 'How many requests the page makes'),
  })
  .refine((given) => Object.keys(given).length > 0, { error: 'must name what is limited, such as total: 1 MB' })
  .meta({ minProperties: 1 });

const judged = ['score', 'fcp', 'lcp', 'tti', 'tbt', 'cls', 'budget'] as const;

/** A page that Lighthouse opens in Chromium. */
export const pagesSchema = z
  .strictObject({
    url: url.describe('Address of the page, after its redirects'),
    runs: count
      .max(15, { error: 'must be at most 15' })
      .default(3)
      .describe('How often it is opened; the median of each value is judged. Default 3'),
    formFactor: z
      .enum(['mobile', 'desktop'], { error: 'must be mobile or desktop' })
      .default('mobile')
      .describe('Screen, and what network and processor stand for: a phone or a computer. Default mobile'),
    throttling: z
      .enum(['simulated', 'applied', 'none'], { error: 'must be simulated, applied or none' })
      .default('simulated')
      .describe(
        'Slow network and processor: computed from a fast run, applied while it loads, or none: as fast as this worker. Default simulated',
      ),
    cookies: z
      .record(text, z.string())
      .default({})
      .describe('Cookies of that site, such as a session; give their values as references. Default none'),
    timeout: duration.default(120_000).describe('Patience for one run, default 2m'),
    score: bands(points, 'below', 'Limits for the performance score of Lighthouse, 0 to 100; below is worse'),
    fcp: bands(duration, 'above', 'Limits for First Contentful Paint'),
    lcp: bands(duration, 'above', 'Limits for Largest Contentful Paint'),
    tti: bands(duration, 'above', 'Limits for Time to Interactive'),
    tbt: bands(duration, 'above', 'Limits for Total Blocking Time'),
    cls: bands(shift, 'above', 'Limits for Cumulative Layout Shift, such as 0.1'),
    budget: budget.optional().describe('How much the page may load: a limit for asking, or consult and rollBack'),
  })
  .refine((given) => judged.some((key) => given[key] !== undefined), {
    error: `is measured and nothing judges it; add limits for ${judged.slice(0, -1).join(', ')} or a budget`,
  });

export type PagesSpec = z.output<typeof pagesSchema>;

/** Longest time that it takes, in milliseconds. */
export function pagesLongestMs({ runs, timeout }: PagesSpec): number {
  return runs * (timeout + 30_000);
}
