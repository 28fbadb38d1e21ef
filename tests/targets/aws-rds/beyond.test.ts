import {
  CreateDBSnapshotCommand,
  DeleteDBSnapshotCommand,
  ModifyDBInstanceCommand,
  RDSClient,
  StopDBInstanceCommand,
} from '@aws-sdk/client-rds';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { awsRds } from '../../../src/targets/aws-rds/aws-rds.ts';
import { snapshotName } from '../../../src/targets/aws-rds/names.ts';
import type { AwsWorld } from '../../support/aws/world.ts';
import { change, failureOf, openAws, openShop, prepared, restore, type Shop, save, settle, skip } from './world.ts';

let aws: AwsWorld;
let rds: RDSClient;
beforeAll(async () => {
  if (skip !== undefined) return;
  aws = await openAws();
  rds = new RDSClient(aws.direct);
});
afterAll(() => aws?.stop());

async function findings(shop: Shop, spec: Record<string, unknown> = {}) {
  await prepared(shop);
  const { findings: all } = await awsRds.survey(shop.call({ key: 'survey', spec }));
  return all.map(({ status, what }) => `${status} ${what}`);
}

describe.skipIf(skip !== undefined)('a point in time', () => {
  it('is the instant before the change, whatever users wrote until then', async () => {
    const shop = await openShop(aws, { wish: { BackupRetentionPeriod: 7 } });
    const spec = { savepoint: { way: 'point-in-time' } };
    await shop.asUser('insert into orders (product, amount) values (1, 4711)');
    const saved = await save(shop, { spec });
    expect(saved.state).toMatchObject({ way: 'point-in-time', snapshot: null });
    await change(shop, 'migrate', { spec });
    await shop.asUser('delete from orders');
    await restore(shop, saved, { spec });
    expect(await shop.sql(`select to_regclass('colours') as colours, max(amount) as most from orders`)).toEqual([
      { colours: null, most: 4711 },
    ]);
    expect(aws.ledger.effects('CreateDBSnapshot')).toEqual([]);
    await shop.end();
  }, 60_000);

  it('serves where the snapshot is gone', async () => {
    const shop = await openShop(aws, { wish: { BackupRetentionPeriod: 7 } });
    const saved = await save(shop);
    await change(shop);
    await rds.send(new DeleteDBSnapshotCommand({ DBSnapshotIdentifier: saved.state.snapshot ?? '' }));
    const warned: string[] = [];
    const log = { info: () => undefined, warn: (message: string) => void warned.push(message) };
    await restore(shop, saved, { log });
    expect(await shop.sql(`select to_regclass('colours') as colours`)).toEqual([{ colours: null }]);
    expect(warned).toContain('the snapshot is gone; the automated backups are used');
    await shop.end();
  }, 60_000);

  it('is refused before the change where the instance keeps no backups', async () => {
    const shop = await openShop(aws, { wish: { BackupRetentionPeriod: 0 } });
    const spec = { savepoint: { way: 'point-in-time' } };
    expect(await failureOf(save(shop, { spec }))).toMatchObject({ kind: 'refused' });
    expect(await findings(shop, spec)).toContainEqual(expect.stringMatching(/^FAIL .*no automated backups/));
    await shop.end();
  });
});

describe.skipIf(skip !== undefined)('a restored instance', () => {
  it('is warm where the plan says so', async () => {
    const shop = await openShop(aws);
    const spec = { restore: { warm: { tables: ['orders', 'public.products', 'nowhere'], within: '30s' } } };
    const saved = await save(shop, { spec });
    await change(shop);
    const { detail } = await restore(shop, saved, { spec });
    expect(detail).toContain('warm: orders, public.products;');
    await shop.end();
  }, 60_000);

  it('takes the place of an instance that is dead', async () => {
    const shop = await openShop(aws);
    const saved = await save(shop);
    await change(shop);
    await rds.send(
      new ModifyDBInstanceCommand({
        DBInstanceIdentifier: shop.instance,
        NewDBInstanceIdentifier: `${shop.instance}-gone`,
        ApplyImmediately: true,
      }),
    );
    await settleDown(`${shop.instance}-gone`, shop);
    await rds.send(new StopDBInstanceCommand({ DBInstanceIdentifier: `${shop.instance}-gone` }));
    const restored = await restore(shop, saved);
    expect(restored.kept).toBeNull();
    expect(await shop.sql('select count(*)::int as n from orders')).toEqual([{ n: 50 }]);
    await shop.end();
  }, 60_000);

  it('goes back once more when it was changed again', async () => {
    const shop = await openShop(aws);
    const saved = await save(shop);
    await change(shop);
    const first = await restore(shop, saved);
    expect(await restore(shop, saved)).toEqual(first);
    await change(shop, 'migrate', { key: 'apply migrate again' });
    const second = await restore(shop, saved);
    expect(second.kept).not.toBe(first.kept);
    expect(await shop.sql(`select to_regclass('colours') as colours`)).toEqual([{ colours: null }]);
    await shop.end();
  }, 60_000);
});

async function settleDown(name: string, shop: Shop): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    if ((await shop.described(name))?.DBInstanceStatus === 'available') return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe.skipIf(skip !== undefined)('a survey on RDS', () => {
  it('passes on a healthy instance, names what it can, and changes nothing', async () => {
    const shop = await openShop(aws, { wish: { BackupRetentionPeriod: 7 } });
    aws.ledger.forget();
    const found = await findings(shop);
    expect(found.filter((each) => each.startsWith('FAIL'))).toEqual([]);
    expect(found).toContainEqual(`PASS ${shop.instance} is available`);
    expect(found).toContainEqual(expect.stringMatching(/^PASS a restored instance needs 0.0 GiB/));
    expect(found).toContainEqual(expect.stringMatching(/^PASS the names of snapshot sp-shop-test-database-/));
    expect(aws.ledger.effects()).toEqual([]);
    await shop.end();
  });

  it('fails on a name that is taken, an instance that is not there, and credentials that expired', async () => {
    const shop = await openShop(aws);
    const name = snapshotName(shop.call());
    const input = { DBSnapshotIdentifier: name, DBInstanceIdentifier: shop.instance };
    await rds.send(new CreateDBSnapshotCommand(input));
    await settleDown(shop.instance, shop);
    expect(await findings(shop)).toContain(`FAIL the snapshot ${name} exists already and is not of this release`);
    expect(await findings(shop, { instance: 'no-such-db' })).toEqual(['FAIL there is no DB instance no-such-db']);
    aws.faults.expireCredentials();
    const found = await findings(shop);
    aws.faults.calm();
    expect(found).toEqual([expect.stringMatching(/^FAIL describing shop-db-\d+: ExpiredToken/)]);
    await shop.end();
  });
});

describe.skipIf(skip !== undefined)('what releases leave on RDS', () => {
  it('is listed, and discarded by name unless it is protected', async () => {
    const shop = await openShop(aws, { wish: { DeletionProtection: true } });
    const mine = { target: 'orders-db' };
    const saved = await save(shop, mine);
    await change(shop, 'migrate', mine);
    const { kept: superseded } = await restore(shop, saved, mine);
    const call = shop.call({ key: 'kept', ...mine });
    const kept = (await awsRds.kept?.(call)) ?? [];
    expect(kept).toEqual([
      expect.objectContaining({
        name: superseded,
        what: 'superseded',
        level: 'unproved',
        obstacle: expect.stringContaining('deletion protection'),
      }),
      expect.objectContaining({ name: saved.state.snapshot, what: 'savepoint', level: 'unproved', obstacle: null }),
    ]);
    const discard = (name: string) => settle(() => awsRds.discard?.(call, name) ?? Promise.reject(new Error('cannot')));
    expect(await failureOf(discard(superseded ?? ''))).toMatchObject({ kind: 'refused' });
    expect(await failureOf(discard(shop.instance))).toMatchObject({ kind: 'not-found' });
    await rds.send(
      new ModifyDBInstanceCommand({
        DBInstanceIdentifier: superseded ?? '',
        DeletionProtection: false,
        ApplyImmediately: true,
      }),
    );
    await settleDown(superseded ?? '', shop);
    await discard(superseded ?? '');
    await discard(saved.state.snapshot ?? '');
    for (let tries = 0; (await shop.described(superseded ?? '')) !== null && tries < 100; tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(await awsRds.kept?.(call)).toEqual([]);
    expect(await shop.sql('select count(*)::int as n from orders')).toEqual([{ n: 50 }]);
    await shop.end();
  }, 60_000);
});
