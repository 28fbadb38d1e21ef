import { TargetFailure } from '../../release/failure.ts';
import type { Proof } from '../../release/fingerprint.ts';
import { readNow } from '../postgres/compare.ts';
import { usersOf } from '../postgres/fence.ts';
import { type Facts, fingerprintOf } from '../postgres/fingerprint.ts';
import type { GoingBack } from '../postgres/loss/copies.ts';
import { proofOf } from '../postgres/proof.ts';
import { readSavepoint, rememberedFacts } from '../postgres/savepoints.ts';
import type { Apart } from './apart.ts';
import { remember } from './reading.ts';
import { beginExchange, noteProof } from './records.ts';
import { settingsProof } from './settling.ts';

/**
 * Reads every row of the restored database, once, and compares it with what was saved: rows only where the savepoint
 * tells of them, the structure and the settings of the instance always. What was read becomes what every copy that is
 * made of it has to be.
 * @throws TargetFailure `failed` when it is not what was saved. Nothing was exchanged then.
 */
export async function ensureProved(apart: Apart): Promise<Proof> {
  const { call, to, restored, back } = apart;
  const { maintenance } = back.claim;
  const known = await beginExchange(maintenance, call.key, restored.resourceId);
  if (known.proof !== null) return known.proof;
  back.progress.tell(`reading ${restored.id}, every row of it`);
  const facts = await readNow(back.claim, 'content');
  if (facts === null) throw new TargetFailure('failed', `${restored.id} has no database ${back.claim.place.database}`);
  const proof = judged(await comparable(apart, facts), settingsProof(to.state, restored, to.takenAt));
  if (proof.differences.length > 0) throw notWhatWasSaved(apart, proof);
  const state = { ...to.state, rowsRead: true };
  await remember(back.claim, { ...to, state, fingerprint: fingerprintOf(facts) }, facts);
  await noteProof(maintenance, call.key, proof);
  return proof;
}

/** Rows that the savepoint says nothing of are no difference. */
async function comparable({ to, back }: Apart, facts: Facts): Promise<Proof> {
  const shown = to.state.rowsRead ? facts : { ...facts, contents: [] };
  const saved = await savedFacts(back);
  return proofOf(to.fingerprint, saved ?? shown, shown);
}

/** What the running instance remembers; null where it is dead, or was replaced since. */
async function savedFacts({ claim, to }: GoingBack): Promise<Facts | null> {
  const { maintenance } = usersOf(claim);
  return (await readSavepoint(maintenance, to.state.key))?.facts ?? null;
}

/** The way back with everything that is known of the copy by now, for whatever is made of it. */
export async function withEveryRow({ back }: Apart): Promise<GoingBack> {
  const facts = await rememberedFacts(back.claim.maintenance, back.to);
  return { ...back, to: { ...back.to, fingerprint: fingerprintOf(facts) } };
}

/** One proof of both: it is as strong as what is said of the data. */
export function judged(data: Proof, settings: Proof): Proof {
  const differences = [...data.differences, ...settings.differences];
  const level = differences.length > 0 ? 'unproved' : data.level;
  return { level, parts: [...data.parts, ...settings.parts], differences };
}

function notWhatWasSaved({ restored, call }: Apart, { differences }: Proof): TargetFailure {
  return new TargetFailure(
    'failed',
    `the restored instance ${restored.id} is not what was saved; nothing was exchanged`,
    {
      evidence: differences
        .map(({ part, expected, actual }) => `${part}: ${actual ?? 'missing'}, was ${expected ?? 'not there'}`)
        .slice(0, 5)
        .join('\n'),
      notDone: [`exchange of ${call.spec.instance}`],
    },
  );
}
