import type { Outcome, ReleaseResult } from '../../release/status.ts';

/** How a release of the demo is meant to end, and at which step it is meant to fail. `story`: what happens, in words. */
export type Intended = {
  version: string;
  story: string;
  outcome: Outcome;
  failedStep: string | null;
  restored: readonly string[];
  /** What the deployment lead answers when a person has to decide about rows; default: nobody is asked. */
  answer?: 'carry-over-and-restore';
};

/** The releases of the demo, in order. v1 is installed before. */
export const intended: readonly Intended[] = [
  { version: 'v2', story: 'a good release', outcome: 'released', failedStep: null, restored: [] },
  {
    version: 'v3',
    story: 'its migration fails half way, outside a transaction',
    outcome: 'rolled-back',
    failedStep: 'migrate database',
    restored: ['database'],
  },
  {
    version: 'v4',
    story: 'its seed is wrong',
    outcome: 'rolled-back',
    failedStep: 'verify seed of database',
    restored: ['database'],
  },
  {
    version: 'v5',
    story: 'its backend does not come up',
    outcome: 'rolled-back',
    failedStep: 'deploy backend',
    restored: ['backend'],
  },
  {
    version: 'v6',
    story: 'its frontend is broken',
    outcome: 'rolled-back',
    failedStep: 'verify frontend',
    restored: ['backend', 'frontend'],
  },
  {
    version: 'v7',
    story: 'its smoke test fails',
    outcome: 'rolled-back',
    failedStep: 'smoke',
    restored: ['backend', 'frontend'],
  },
  {
    version: 'v8',
    story: 'it is too slow',
    outcome: 'rolled-back',
    failedStep: 'performance',
    restored: ['backend', 'frontend'],
  },
  {
    version: 'v9',
    story: 'it turns bad while it is watched',
    outcome: 'rolled-back',
    failedStep: 'watch',
    restored: ['backend', 'frontend'],
  },
  {
    version: 'v10',
    story: 'its smoke test fails after customers ordered on a schema that the old code cannot use',
    outcome: 'rolled-back',
    failedStep: 'smoke',
    restored: ['backend', 'frontend', 'database'],
    answer: 'carry-over-and-restore',
  },
];

/**
 * What is not as intended, in words; empty when all is well. A restored target that nobody proved is never as intended.
 * Held writers may be listed as restored besides.
 */
export function unintended(wanted: Intended, result: ReleaseResult): string[] {
  const { version } = wanted;
  const found: string[] = [];
  if (result.outcome !== wanted.outcome) found.push(`${version} ended ${result.outcome} instead of ${wanted.outcome}`);
  if (result.failedStep !== wanted.failedStep) {
    found.push(`${version} failed at ${result.failedStep ?? 'no step'} instead of ${wanted.failedStep ?? 'none'}`);
  }
  const restored = new Map(result.restored.map((each) => [each.target, each.proved]));
  for (const target of wanted.restored) {
    if (!restored.has(target)) found.push(`${version} did not restore ${target}`);
  }
  for (const [target, proved] of restored) {
    if (proved === 'unproved') found.push(`${version} restored ${target} without a proof`);
  }
  return found;
}
