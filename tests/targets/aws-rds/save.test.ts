import { CreateDBSnapshotCommand, RDSClient } from '@aws-sdk/client-rds';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { awsRds } from '../../../src/targets/aws-rds/aws-rds.ts';
import { snapshotName } from '../../../src/targets/aws-rds/names.ts';
import type { AwsWorld } from '../../support/aws/world.ts';
import { change, effectsOf, failureOf, hold, openAws, openShop, restore, save, settle, skip } from './world.ts';

let aws: AwsWorld;
beforeAll(async () => {
  if (skip === undefined) aws = await openAws();
});
afterAll(() => aws?.stop());
afterEach(async () => {
  vi.useRealTimers();
  aws?.ledger.forget();
  aws?.faults.calm();
  await aws?.configure({ durations: { snapshotMs: 40 }, settings: { snapshotQuota: 100, failSnapshots: 0 } });
});

describe.skipIf(skip !== undefined)('saving an RDS instance', () => {
  it('waits 40 minutes for a snapshot with few questions and no time-out', async () => {
    const shop = await openShop(aws);
    const minutes = 40;
    await aws.configure({ durations: { snapshotMs: minutes * 60_000 } });
    // Only what tells the time: the world goes on by what the verb asks for.
    vi.useFakeTimers({ toFake: ['Date'] });
    const began = Date.now();
    const told: string[] = [];
    const call = shop.call({ key: 'save' });
    const saved = await settle(
      () => awsRds.save(call),
      async (detail, pauseMs) => {
        told.push(detail);
        if (!detail.startsWith('snapshot')) return;
        await aws.advance(pauseMs);
        vi.setSystemTime(Date.now() + pauseMs);
      },
    );
    const waited = Date.now() - began;
    expect(saved.state.snapshot).toMatch(/^sp-shop-test-database-/);
    expect(waited).toBeGreaterThanOrEqual(minutes * 60_000);
    // At most a few per cent late, and far fewer looks than one each half minute.
    expect(waited).toBeLessThan(minutes * 60_000 * 1.04);
    expect(aws.ledger.calls().DescribeDBSnapshots).toBeLessThan(40);
    expect(told.some((detail) => /is creating, \d+ %, for \d+ min/.test(detail))).toBe(true);
    expect(aws.ledger.effects('CreateDBSnapshot')).toHaveLength(1);
    await shop.end();
  }, 60_000);

  it('finds its snapshot again, in the same call and after a crash', async () => {
    const shop = await openShop(aws);
    const call = shop.call({ key: 'save' });
    await awsRds.save(call);
    const saved = await save(shop);
    expect(await save(shop)).toEqual(saved);
    expect(effectsOf(aws)).toEqual([`CreateDBSnapshot ${saved.state.snapshot}`]);
    await shop.end();
  });

  it('makes one snapshot when the answer is lost after the effect', async () => {
    const shop = await openShop(aws);
    aws.faults.loseAnswer('CreateDBSnapshot');
    const failure = await failureOf(save(shop));
    expect(failure).toMatchObject({ kind: 'unreachable' });
    await save(shop);
    expect(aws.ledger.effects('CreateDBSnapshot')).toHaveLength(1);
    await shop.end();
  });

  it('says at the quota what is full, and changes nothing', async () => {
    const shop = await openShop(aws);
    await aws.configure({ settings: { snapshotQuota: 0 } });
    const failure = await failureOf(save(shop));
    expect(failure).toMatchObject({ kind: 'refused', message: expect.stringContaining('no more snapshots') });
    expect(failure.details?.remedy).toContain('quota');
    expect(effectsOf(aws)).toEqual([]);
    await shop.end();
  });

  it('leaves a snapshot of somebody else alone that has the name', async () => {
    const shop = await openShop(aws);
    const name = snapshotName(shop.call());
    const input = { DBSnapshotIdentifier: name, DBInstanceIdentifier: shop.instance };
    await new RDSClient(aws.direct).send(new CreateDBSnapshotCommand(input));
    const failure = await failureOf(save(shop));
    expect(failure).toMatchObject({ kind: 'refused', message: expect.stringContaining(name) });
    expect(effectsOf(aws)).toEqual([]);
    await shop.end();
  });

  it('fails where RDS gives up, and takes another name when somebody lets it try again', async () => {
    const shop = await openShop(aws);
    await aws.configure({ settings: { failSnapshots: 1 } });
    expect(await failureOf(save(shop))).toMatchObject({ kind: 'failed', message: expect.stringContaining('failed') });
    const again = await save(shop, { key: 'save 2' });
    expect(again.state.snapshot).toMatch(/-2$/);
    await shop.end();
  });

  it('says with expired credentials what to renew, and changes nothing', async () => {
    const shop = await openShop(aws);
    aws.faults.expireCredentials();
    const failure = await failureOf(save(shop));
    expect(failure).toMatchObject({ kind: 'permission' });
    expect(failure.details?.remedy).toContain('renew');
    aws.faults.calm();
    expect(effectsOf(aws)).toEqual([]);
    await shop.end();
  });

  it('tells of rows only where writers were held all the time', async () => {
    const shop = await openShop(aws);
    const open = await save(shop);
    expect(open.state.rowsRead).toBe(false);
    expect(open.fingerprint.parts.every(({ level }) => level === 'structure')).toBe(true);
    await hold(shop);
    const held = await save(shop, { key: 'save held', release: '00000000-0000-7000-8000-0000aaaaaaaa' });
    expect(held.state.rowsRead).toBe(true);
    expect(held.fingerprint.parts).toContainEqual(
      expect.objectContaining({ name: 'public.orders', level: 'content', detail: '50 rows' }),
    );
    await shop.end();
  });

  it('compares every row of what it restores where writers were held', async () => {
    const shop = await openShop(aws);
    await hold(shop);
    const saved = await save(shop);
    await change(shop);
    await change(shop, 'seed');
    const { proof } = await restore(shop, saved);
    expect(proof).toMatchObject({ level: 'content', differences: [] });
    expect(proof.parts).toContainEqual({ name: 'public.orders', level: 'content' });
    expect(proof.parts).toContainEqual({ name: 'setting: class', level: 'structure' });
    await expect(shop.asUser('select 1')).rejects.toThrow(/permission denied/);
    await settle(() => awsRds.resume(shop.call({ key: 'resume' }), null));
    expect(await shop.asUser('select count(*)::int as n from orders')).toEqual([{ n: 50 }]);
    await shop.end();
  }, 60_000);
});
