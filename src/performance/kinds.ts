import { TargetFailure } from '../release/failure.ts';
import type { Json } from '../release/json.ts';
import type { Measurer } from '../release/performance.ts';

/** A measurer whose spec was accepted by the schema of its kind; to everybody else the spec is opaque. */
const loaders = {
  pages: async () => (await import('./pages/pages.ts')).pages,
  load: async () => (await import('./load/load.ts')).load,
  k6: async () => (await import('./k6/k6.ts')).k6,
} satisfies Record<string, () => Promise<unknown>>;

/** @throws TargetFailure `invalid-input` that lists the kinds */
export async function loadMeasurer(kind: string): Promise<Measurer<Json>> {
  const table: Record<string, () => Promise<unknown>> = loaders;
  const loader = Object.hasOwn(table, kind) ? table[kind] : undefined;
  if (loader !== undefined) return (await loader()) as Measurer<Json>;
  const known = Object.keys(loaders).join(', ');
  throw new TargetFailure('invalid-input', `there is no kind of measurement called ${kind}; known are ${known}`);
}
