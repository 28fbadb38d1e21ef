import { changes, type Operation } from './operations.ts';

/**
 * One call that reached AWS. `at`: epoch milliseconds. `effect`: it may have changed something, and succeeded. `answer`: at
 * most 4 KB of what AWS said; it tells whether a repeated call made something new, such as another invalidation.
 */
export type AwsCall = Operation & { at: number; status: number; effect: boolean; answer: string };

/** What AWS has seen, kept on its side: Savepoint does not know of it. */
export type AwsLedger = {
  /** Every changing call that succeeded, oldest first, also when its answer was lost; `name`: only this operation. */
  effects(name?: string): AwsCall[];
  /** Every call that reached AWS, refused or not, oldest first. */
  all(): AwsCall[];
  /** How often each operation was called, faults of the proxy included: `{ DescribeDBInstances: 12 }`. */
  calls(): Record<string, number>;
  forget(): void;
};

export type AwsLedgerBook = AwsLedger & {
  called(operation: Operation): void;
  reached(operation: Operation, answer: { status: number; body: Buffer }): void;
};

export function openAwsLedger(): AwsLedgerBook {
  const reached: AwsCall[] = [];
  let counts: Record<string, number> = {};
  return {
    called({ name }) {
      counts[name] = (counts[name] ?? 0) + 1;
    },
    reached(operation, { status, body }) {
      const effect = status < 300 && changes(operation.name);
      reached.push({ ...operation, at: Date.now(), status, effect, answer: body.toString('utf8', 0, 4096) });
    },
    effects: (name) => reached.filter((call) => call.effect && (name === undefined || call.name === name)),
    all: () => [...reached],
    calls: () => ({ ...counts }),
    forget() {
      reached.length = 0;
      counts = {};
    },
  };
}
