import type { Measurer } from '../release/performance.ts';
import type { LoadSpec } from './load.schema.ts';

/** A first cut, to be replaced by its owner. */
export const load: Measurer<LoadSpec> = {
  async measure({ name }) {
    const explanation = 'load is not measured yet';
    const judgement = { criterion: name, value: null, unit: 'ms', n: 0, limit: null, explanation } as const;
    return await Promise.resolve({ judgements: [{ ...judgement, verdict: 'unknown' }], record: null });
  },
};
