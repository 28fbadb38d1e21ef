import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { TargetFailure } from '../../../src/release/failure.ts';
import type { Call, Restored, Step } from '../../../src/release/target.ts';
import type { AwsRdsSpec } from '../../../src/targets/aws-rds/aws-rds.schema.ts';
import { awsRds } from '../../../src/targets/aws-rds/aws-rds.ts';
import type { AwsWorld } from '../../support/aws/world.ts';
import { startRefusing } from './refusing.ts';
import { change, failureOf, hold, openAws, openShop, restore, type Saved, type Shop, save, skip } from './world.ts';

let aws: AwsWorld;
beforeAll(async () => {
  if (skip === undefined) aws = await openAws();
});
afterAll(() => aws?.stop());
afterEach(() => aws?.faults.calm());

const changing = ['RestoreDBInstanceFromDBSnapshot', 'ModifyDBInstance', 'AddTagsToResource'];

/** What users could have seen, and what was said, while the name led nowhere. */
type Story = { restored: Restored; silent: string[] };

/**
 * Goes back as workers would that all die at the `nth` request that changes something: the request, or its answer, is
 * lost, and another worker begins anew.
 */
async function goBack(shop: Shop, saved: Saved, { nth, before }: { nth: number; before: boolean }): Promise<Story> {
  const start = aws.ledger.effects().length;
  const silent: string[] = [];
  let armed = false;
  let call = shop.call({ key: 'restore' });
  for (const deadline = performance.now() + 50_000; performance.now() < deadline; ) {
    if (!armed && aws.ledger.effects().length - start >= nth - 1) {
      armed = true;
      for (const name of changing) aws.faults.loseAnswer(name, { before });
    }
    let said: string;
    try {
      const step = await awsRds.restore(call, saved);
      if (step.state === 'done') return { restored: step.value, silent };
      said = step.state === 'working' ? step.detail : step.question;
    } catch (error) {
      if (!(error instanceof TargetFailure) || error.kind !== 'unreachable') throw error;
      said = error.message;
      aws.faults.calm();
      call = shop.call({ key: 'restore' });
    }
    if ((await shop.described()) === null && !/nobody can reach|renaming/.test(said)) silent.push(said);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('it does not end');
}

/** Each new thing that a worker says is its last; the next one has a newer fence and the same key. */
async function handedOn<T>(shop: Shop, verb: (call: Call<AwsRdsSpec>) => Promise<Step<T>>): Promise<T> {
  const said = new Set<string>();
  let call = shop.call({ key: 'restore' });
  for (const deadline = performance.now() + 50_000; performance.now() < deadline; ) {
    const step = await verb(call);
    if (step.state === 'done') return step.value;
    const detail = step.state === 'working' ? step.detail : step.question;
    if (!said.has(detail)) call = shop.call({ key: 'restore' });
    said.add(detail);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`it does not end: ${[...said].join('; ')}`);
}

async function released(): Promise<{ shop: Shop; saved: Saved; before: string }> {
  const shop = await openShop(aws);
  const saved = await save(shop);
  await change(shop);
  await change(shop, 'seed');
  return { shop, saved, before: (await shop.described())?.DbiResourceId ?? '' };
}

/** Of one shop, as AWS counted them. */
function effects(shop: Shop): { restores: number; renames: string[] } {
  const of = aws.ledger
    .effects()
    .filter(({ parameters }) => String(parameters.DBInstanceIdentifier).startsWith(shop.instance));
  const renames = of.flatMap(({ parameters: { DBInstanceIdentifier: from, NewDBInstanceIdentifier: to } }) =>
    to === undefined ? [] : [`${String(from)} → ${String(to)}`],
  );
  return { restores: of.filter(({ name }) => name === 'RestoreDBInstanceFromDBSnapshot').length, renames };
}

describe.skipIf(skip !== undefined)('a worker that dies while an RDS instance goes back', () => {
  for (const before of [false, true]) {
    for (const nth of before ? [1, 4, 5] : [1, 2, 3, 4, 5, 6]) {
      it(`at request ${nth}, ${before ? 'before' : 'after'} it took effect, leaves one restored instance under the name`, async () => {
        const { shop, saved, before: old } = await released();
        const struck = aws.faults.struck().lost ?? 0;
        const { restored, silent } = await goBack(shop, saved, { nth, before });
        expect(aws.faults.struck().lost).toBe(struck + 1);
        expect(await shop.sql(`select to_regclass('colours') as colours`)).toEqual([{ colours: null }]);
        expect((await shop.described(restored.kept ?? ''))?.DbiResourceId).toBe(old);
        const { restores, renames } = effects(shop);
        expect(restores).toBe(1);
        expect(renames).toEqual([
          `${shop.instance} → ${restored.kept}`,
          expect.stringMatching(/-beside-\w+ → shop-db-\d+$/),
        ]);
        expect(silent).toEqual([]);
        await shop.end();
      }, 60_000);
    }
  }

  it('at each thing that is said meanwhile, and loses no row that was carried over', async () => {
    const { shop, saved } = await released();
    await shop.asUser(`insert into orders (product, amount) values (1, 4711)`);
    const carrying = { ignore: [], marks: [], into: 'copy' as const, directory: 'rows' };
    await handedOn(shop, (call) => awsRds.beside(call, saved));
    await hold(shop);
    await handedOn(shop, (call) => awsRds.loss(call, saved, carrying));
    const carried = await handedOn(shop, (call) => awsRds.carry(call, saved, carrying));
    expect(carried).toMatchObject({ carried: 1, left: 0 });
    const restored = await handedOn(shop, (call) => awsRds.restore(call, saved));
    expect(restored.detail).toContain('with 1 row carried over');
    expect(await shop.sql(`select to_regclass('colours') as colours, max(amount) as most from orders`)).toEqual([
      { colours: null, most: 4711 },
    ]);
    expect(effects(shop).restores).toBe(1);
    expect(effects(shop).renames).toHaveLength(2);
    await shop.end();
  }, 60_000);

  it('lets users have the old one again when the restored one may not take the name', async () => {
    const { shop, saved, before } = await released();
    let refuse = true;
    const gate = await startRefusing(aws.endpoint, (form) => {
      const [from, to] = [form.get('DBInstanceIdentifier') ?? '', form.get('NewDBInstanceIdentifier')];
      return refuse && to === shop.instance && from.includes('beside');
    });
    try {
      const spec = { endpoint: gate.endpoint };
      const failure = await failureOf(restore(shop, saved, { spec }));
      expect(failure).toMatchObject({ kind: 'failed', message: expect.stringContaining('is what it was') });
      expect(gate.refused).toBeGreaterThan(0);
      expect(failure.details?.notDone).toHaveLength(1);
      const back = await shop.described();
      expect(back?.DbiResourceId).toBe(before);
      refuse = false;
      await restore(shop, saved, { spec });
      expect(await shop.sql(`select to_regclass('colours') as colours`)).toEqual([{ colours: null }]);
      expect(effects(shop).restores).toBe(1);
    } finally {
      await gate.stop();
      await shop.end();
    }
  }, 60_000);

  it('says who cannot be reached when somebody else takes the name in between', async () => {
    const { shop, saved } = await released();
    let taken = false;
    const failure = await failureOf(
      restore(shop, saved, {}, async (detail) => {
        if (taken || !detail.startsWith('nobody can reach') || (await shop.described()) !== null) return;
        taken = true;
        await aws.createDatabase(shop.instance);
      }),
    );
    expect(failure).toMatchObject({ kind: 'changed', message: expect.stringContaining('does not know') });
    expect(failure.details?.remedy).toContain('beside');
    await shop.end();
  }, 60_000);
});
