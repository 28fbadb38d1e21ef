import { TargetFailure } from '../../../release/failure.ts';
import type { Session } from '../connection.ts';
import { readFacts } from '../fingerprint.ts';
import { type Comparison, comparisonOf } from '../loss/comparison.ts';
import { sideOf } from '../loss/databases.ts';
import { differences } from '../loss/difference.ts';
import { proofOf } from '../proof.ts';
import { rememberedFacts } from '../savepoints.ts';
import { readSettings } from '../settings.ts';
import { type Carrier, readSums } from './carrier.ts';
import { leftOf } from './outcome.ts';
import type { TablePlan } from './plans.ts';

/**
 * Before anything is committed: the copy has the savepoint's structure, each table adds up to what it held and the rows
 * that were written to it, and where the release itself wrote nothing, only rows that were left still differ.
 * @throws TargetFailure `failed`
 */
export async function verifyCarried(carrier: Carrier, copy: string): Promise<void> {
  const { writer, plans } = carrier;
  if (writer === null) return;
  const problems = await structureProblems(carrier, writer.session, copy);
  for (const plan of plans) {
    const expected = writer.expected.get(plan.name);
    if (expected === undefined) continue;
    carrier.back.progress.tell(`proving ${plan.name}`);
    const actual = await readSums(writer.session, plan);
    if (actual.rows !== expected.rows || actual.sum !== expected.sum) {
      problems.push(`${plan.name} holds more or other rows than were carried`);
    }
    const differing = await stillDiffering(carrier, plan, writer.session);
    if (differing !== null && differing.found !== differing.left) {
      problems.push(`${plan.name}: ${differing.found} rows differ, ${differing.left} were left`);
    }
  }
  if (problems.length === 0) return;
  throw new TargetFailure('failed', 'what was carried could not be proved; nothing of it was kept', {
    evidence: problems.slice(0, 5).join('\n'),
  });
}

async function structureProblems({ back }: Carrier, session: Session, copy: string): Promise<string[]> {
  const { claim, to } = back;
  const settings = await readSettings(claim.maintenance, copy);
  if (settings === null) return [`${copy} is gone`];
  const saved = await rememberedFacts(claim.maintenance, to);
  const facts = await readFacts(session, settings, 'structure');
  const parts = to.fingerprint.parts.filter(({ level }) => level === 'structure');
  const proof = proofOf({ ...to.fingerprint, parts }, saved, { ...facts, contents: [] });
  return proof.differences.map(({ part, actual }) => `${part}: ${actual ?? 'missing'}`);
}

type Differing = { found: number; left: number };

/** Null where the release wrote to the table as well, or its types changed, so that differing is right. */
async function stillDiffering(carrier: Carrier, plan: TablePlan, session: Session): Promise<Differing | null> {
  const { databases, outcomes } = carrier;
  const outcome = outcomes.get(plan.name);
  if (plan.old === null || outcome === undefined || plan.columns.some(({ old, now }) => old.type !== now)) return null;
  const columns = plan.columns.map(({ name }) => name);
  if (databases.own && (await releaseWrote(carrier, plan.name, columns))) return null;
  const before = { session, table: plan.old };
  const comparison: Comparison = { ...plan.comparison, before, columns, steady: [] };
  return { found: await countDiffering(comparison), left: leftOf(outcome) - outcome.unseen };
}

async function countDiffering(comparison: Comparison): Promise<number> {
  let count = 0;
  for await (const change of differences(comparison)) count += change.count;
  return count;
}

async function releaseWrote({ databases }: Carrier, name: string, columns: string[]): Promise<boolean> {
  const before = sideOf(databases.copy, name);
  const now = sideOf(databases.reference, name);
  if (before === null || now === null) return true;
  const own = comparisonOf(before, now, []);
  for await (const _ of differences({ ...own, columns, steady: [] })) return true;
  return false;
}
