import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Carrying } from '../../../src/release/loss.ts';
import { awsRds } from '../../../src/targets/aws-rds/aws-rds.ts';
import type { AwsWorld } from '../../support/aws/world.ts';
import {
  change,
  failureOf,
  hold,
  openAws,
  openShop,
  prepared,
  restore,
  resume,
  type Saved,
  type Shop,
  save,
  settle,
  skip,
} from './world.ts';

let aws: AwsWorld;
beforeAll(async () => {
  if (skip === undefined) aws = await openAws();
});
afterAll(() => aws?.stop());

const rules = { ignore: [], marks: [] };

function beside(shop: Shop, saved: Saved) {
  const call = shop.call({ key: 'restore' });
  return settle(() => awsRds.beside(call, saved));
}

function loss(shop: Shop, saved: Saved) {
  const call = shop.call({ key: 'restore' });
  return settle(() => awsRds.loss(call, saved, rules));
}

function carry(shop: Shop, saved: Saved, into: Carrying['into']) {
  const call = shop.call({ key: 'restore' });
  return settle(() => awsRds.carry(call, saved, { ...rules, into, directory: `${shop.home}/rows` }));
}

/** Two new orders, one changed, one gone, and one product. */
const work = [
  `insert into orders (product, amount) values (1, 1000), (2, 2000)`,
  `update orders set amount = 7 where id = 1`,
  `delete from orders where id = 2`,
  `insert into products (name, price) values ('a lamp', 12)`,
];

/** A release that migrated and seeded, and users who worked meanwhile. */
async function released(shop: Shop): Promise<Saved> {
  await prepared(shop);
  const saved = await save(shop);
  await change(shop);
  await change(shop, 'seed');
  for (const statement of work) await shop.asUser(statement);
  return saved;
}

describe.skipIf(skip !== undefined)('rows that users wrote since the snapshot', () => {
  it('are counted to the row between the running and the restored instance, without those of the release', async () => {
    const shop = await openShop(aws);
    const saved = await released(shop);
    const there = await beside(shop, saved);
    expect(there.name).toMatch(/^shop-db-1-beside-/);
    expect(there.proof.differences).toEqual([]);
    expect((await loss(shop, saved)).held).toBe(false);
    await hold(shop);
    const measured = await loss(shop, saved);
    expect(measured).toMatchObject({ held: true, rows: 5, notCompared: [] });
    expect(measured.tables).toEqual([
      expect.objectContaining({ table: 'public.colours', added: 0, own: 2 }),
      expect.objectContaining({ table: 'public.orders', added: 2, changed: 1, removed: 1 }),
      expect.objectContaining({ table: 'public.products', added: 1, changed: 0 }),
    ]);
    await shop.end();
  }, 60_000);

  it('are carried into what takes the name, and nothing is lost', async () => {
    const shop = await openShop(aws);
    const saved = await released(shop);
    await beside(shop, saved);
    await hold(shop);
    await loss(shop, saved);
    const carried = await carry(shop, saved, 'copy');
    expect(carried).toMatchObject({ into: 'copy', carried: 5, left: 0 });
    const restored = await restore(shop, saved);
    expect(restored.detail).toContain('with 5 rows carried over');
    await resume(shop);
    expect(await shop.asUser('select amount from orders where id in (1, 2, 51, 52) order by id')).toEqual([
      { amount: 7 },
      { amount: 1000 },
      { amount: 2000 },
    ]);
    expect(
      await shop.sql(`select to_regclass('colours') as colours, (select count(*)::int from products) as products`),
    ).toEqual([{ colours: null, products: 21 }]);
    const databases = await shop.sql(`select datname from pg_database where not datistemplate order by 1`);
    expect(databases.map(({ datname }) => datname)).toEqual(['postgres', 'savepoint', 'shop']);
    await shop.end();
  }, 60_000);

  it('are written to files that load into the old schema', async () => {
    const shop = await openShop(aws);
    const saved = await released(shop);
    await beside(shop, saved);
    await hold(shop);
    const exported = await carry(shop, saved, 'files');
    expect(exported).toMatchObject({ into: 'files', carried: 5, left: 0 });
    const [file = ''] = exported.files;
    expect(await readFile(join(shop.home, file), 'utf8')).toContain('a lamp');
    await restore(shop, saved);
    expect(await shop.sql('select count(*)::int as n from orders')).toEqual([{ n: 50 }]);
    await shop.end();
  }, 60_000);

  it('stop the exchange when users were let in after rows were carried over', async () => {
    const shop = await openShop(aws);
    const saved = await released(shop);
    await beside(shop, saved);
    await hold(shop);
    await carry(shop, saved, 'copy');
    await resume(shop);
    await hold(shop);
    const before = (await shop.described())?.DbiResourceId;
    expect(await failureOf(restore(shop, saved))).toMatchObject({ kind: 'changed' });
    expect((await shop.described())?.DbiResourceId).toBe(before);
    // Measured once more, the copy is made anew from what was restored, without another instance.
    expect((await loss(shop, saved)).rows).toBe(5);
    expect(await carry(shop, saved, 'copy')).toMatchObject({ carried: 5 });
    await restore(shop, saved);
    expect(await shop.sql('select count(*)::int as n from products')).toEqual([{ n: 21 }]);
    expect(
      aws.ledger
        .effects('RestoreDBInstanceFromDBSnapshot')
        .filter(({ parameters }) => String(parameters.DBInstanceIdentifier).startsWith(`${shop.instance}-`)),
    ).toHaveLength(1);
    await shop.end();
  }, 60_000);
});
