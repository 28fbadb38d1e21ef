import { z } from 'zod';
import { duration, text } from '../../plan/words.schema.ts';

const statisticPattern = /^(SampleCount|Average|Sum|Minimum|Maximum|IQM|(p|tm|wm|tc|ts)(100|\d{1,2}(\.\d{1,10})?))$/;
const statisticError = 'must be Average, Sum, Minimum, Maximum, SampleCount, or a percentile such as p95';

/** How CloudWatch reduces the values of one period to a number. */
export const statistic = z.string({ error: statisticError }).regex(statisticPattern, { error: statisticError });

/** Length of the time over which CloudWatch reduces values (API reference, `MetricStat.Period`). */
export const period = duration.refine((ms) => ms === 10_000 || ms === 20_000 || ms === 30_000 || ms % 60_000 === 0, {
  error: 'must be 10s, 20s, 30s or whole minutes',
});

export const dimensions = z
  .record(text, text, { error: 'must be a list of name: value' })
  .describe('Dimensions of the metric, all of them: name → value');
