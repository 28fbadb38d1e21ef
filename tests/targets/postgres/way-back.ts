import type { Json } from '../../../src/release/json.ts';
import type { Carried, Carrying, Loss, LossRules, TableLoss } from '../../../src/release/loss.ts';
import type { Beside, Restored } from '../../../src/release/target.ts';
import { postgres } from '../../../src/targets/postgres/postgres.ts';
import { type AnySavepoint, attempt, type Wanted, type World } from './world.ts';

/** The verbs of one release on its way back, with the key that they share. */
export type WayBack = {
  save(): Promise<AnySavepoint>;
  apply(change?: 'migrate' | 'seed'): Promise<Json>;
  hold(): Promise<Json>;
  resume(held: Json): Promise<null>;
  beside(from: AnySavepoint): Promise<Beside>;
  loss(since: AnySavepoint, rules?: Partial<LossRules>): Promise<Loss>;
  carry(since: AnySavepoint, into?: Carrying['into'], rules?: Partial<LossRules>, wanted?: Wanted): Promise<Carried>;
  restore(to: AnySavepoint, wanted?: Wanted): Promise<Restored>;
};

const directories = { migrate: { directory: './migrations' }, seed: { directory: './seeds' } };

export function wayBackOf(world: World, spec: Record<string, unknown> = directories): WayBack {
  const call = (key: string, wanted: Wanted = {}) => world.call({ key, spec, ...wanted });
  const holds = (key: string) => {
    if (postgres.hold === undefined) throw new Error('this kind holds nobody');
    return attempt(call(key), postgres.hold);
  };
  return {
    save: () => attempt(call('save'), postgres.save),
    apply: (change = 'migrate') => attempt(call(change), (each) => postgres.apply(each, change, 'v2')),
    hold: () => holds('hold'),
    resume: (held) =>
      attempt(call('resume'), async (each) => {
        return (await postgres.resume?.(each, held)) ?? { state: 'done', value: null };
      }),
    beside: (from) => attempt(call('restore'), (each) => postgres.beside(each, from)),
    loss: (since, rules = {}) =>
      attempt(call('restore'), (each) => postgres.loss(each, since, { ignore: [], marks: [], ...rules })),
    carry: (since, into = 'copy', rules = {}, wanted) =>
      attempt(call('restore', wanted), (each) =>
        postgres.carry(each, since, { ignore: [], marks: [], ...rules, into, directory: './records/rows' }),
      ),
    restore: (to, wanted) => attempt(call('restore', wanted), (each) => postgres.restore(each, to)),
  };
}

/** What a loss says of a table that has a key: nothing happened but `counts`. */
export function lossOf(table: string, counts: Partial<TableLoss>): TableLoss {
  const nothing = { added: 0, changed: 0, removed: 0, marked: 0, own: 0, ignored: false };
  return { table, by: 'key', ...nothing, ...counts };
}
