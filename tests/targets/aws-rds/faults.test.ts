import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { TargetFailure } from '../../../src/release/failure.ts';
import type { Call, Step } from '../../../src/release/target.ts';
import type { AwsRdsSpec } from '../../../src/targets/aws-rds/aws-rds.schema.ts';
import { awsRds } from '../../../src/targets/aws-rds/aws-rds.ts';
import type { AwsWorld } from '../../support/aws/world.ts';
import { change, effectsOf, failureOf, openAws, openShop, restore, type Shop, save, settle, skip } from './world.ts';

let aws: AwsWorld;
beforeAll(async () => {
  if (skip === undefined) aws = await openAws();
});
afterAll(() => aws?.stop());
afterEach(() => {
  aws?.faults.calm();
  aws?.ledger.forget();
});

/** As Temporal does: what waiting can help is tried again as another attempt. */
async function patiently<T>(shop: Shop, key: string, verb: (call: Call<AwsRdsSpec>) => Promise<Step<T>>): Promise<T> {
  for (const deadline = performance.now() + 100_000; ; ) {
    try {
      const call = shop.call({ key });
      return await settle(() => verb(call));
    } catch (error) {
      const again = error instanceof TargetFailure && ['unreachable', 'busy'].includes(error.kind);
      if (!again || performance.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

describe.skipIf(skip !== undefined)('an AWS that answers badly', () => {
  for (const kind of ['throttled', 'server-error'] as const) {
    it(`with 30 % of the calls ${kind}, saves and restores once`, async () => {
      const shop = await openShop(aws);
      aws.faults.storm({ kind, share: 0.3, seed: 7 });
      const saved = await patiently(shop, 'save', (call) => awsRds.save(call));
      await change(shop);
      await patiently(shop, 'restore', (call) => awsRds.restore(call, saved));
      expect(await shop.sql(`select to_regclass('colours') as colours`)).toEqual([{ colours: null }]);
      const effects = effectsOf(aws).filter((each) => !/^ModifyDBInstance [^→]*$/.test(each));
      expect(effects).toHaveLength(4);
      expect(new Set(effects).size).toBe(4);
      expect(aws.faults.struck()[kind]).toBeGreaterThan(0);
      await shop.end();
    }, 120_000);
  }

  it('with expired credentials, says what to renew, and nothing is changed', async () => {
    const shop = await openShop(aws);
    const saved = await save(shop);
    await change(shop);
    aws.ledger.forget();
    aws.faults.expireCredentials();
    const failure = await failureOf(restore(shop, saved));
    expect(failure).toMatchObject({ kind: 'permission' });
    expect(failure.details?.remedy).toContain('renew the AWS credentials');
    aws.faults.calm();
    expect(effectsOf(aws)).toEqual([]);
    expect(await shop.sql('select count(*)::int as n from colours')).toEqual([{ n: 0 }]);
    await shop.end();
  }, 60_000);

  it('with a clock that is an hour off, works all the same', async () => {
    const shop = await openShop(aws);
    aws.faults.setServerClock(3_600_000);
    const saved = await patiently(shop, 'save', (call) => awsRds.save(call));
    expect(saved.state.snapshot).not.toBeNull();
    await shop.end();
  }, 60_000);
});
