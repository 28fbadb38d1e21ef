import type { Outcome } from './outcome.ts';
import type { Scope } from './scope.ts';

/** `quick`: small sizes, to see that it works. `say`: a remark for people on what is going on. */
export type Surroundings = { scope: Scope; quick: boolean; say(line: string): void };

export type Measurement = (surroundings: Surroundings) => Promise<Outcome>;
