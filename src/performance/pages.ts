import type { Measurer } from '../release/performance.ts';
import type { PagesSpec } from './pages.schema.ts';

/** A first cut, to be replaced by its owner. */
export const pages: Measurer<PagesSpec> = {
  async measure({ name }) {
    const explanation = 'pages is not measured yet';
    const judgement = { criterion: name, value: null, unit: 'ms', n: 0, limit: null, explanation } as const;
    return await Promise.resolve({ judgements: [{ ...judgement, verdict: 'unknown' }], record: null });
  },
};
