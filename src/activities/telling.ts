import { Context } from '@temporalio/activity';
import { loadNotice } from '../notices/kinds.ts';
import { atBoundary } from './boundary.ts';
import { discreetLog, resolved } from './calling.ts';
import type { TellInput } from './inputs.ts';

/** Reaches people by one way of the plan. Retries are the workflow's policy; the key lets a receiver drop repetitions. */
export async function tell({ place, notice, message, key }: TellInput): Promise<void> {
  await atBoundary(async (discretion) => {
    const kind = await loadNotice(notice.kind);
    const spec = await resolved(notice.spec, place, discretion);
    const { cancellationSignal: signal } = Context.current();
    await kind.tell({ spec, message, key, home: place.home, signal, log: discreetLog(discretion) });
  });
}
