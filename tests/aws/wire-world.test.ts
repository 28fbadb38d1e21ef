import { DescribeServicesCommand, ECSClient } from '@aws-sdk/client-ecs';
import {
  CreateDBSnapshotCommand,
  DescribeDBInstancesCommand,
  DescribeDBSnapshotsCommand,
  RDSClient,
} from '@aws-sdk/client-rds';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findMoto } from '../support/aws/moto.ts';
import { type AwsWorld, startAws } from '../support/aws/world.ts';
import { isMissing } from '../support/tools.ts';

const moto = findMoto();
const skip = isMissing(moto) ? moto.missing : undefined;
if (skip !== undefined) console.warn(skip);

let world: AwsWorld;

beforeAll(async () => {
  if (skip === undefined) world = await startAws();
});
afterAll(() => world?.stop());

describe.skipIf(skip !== undefined)('The wire to the test world', () => {
  test('loses an answer after its effect, and the ledger has the effect once', async () => {
    await world.createDatabase('lost-db');
    const rds = new RDSClient(world.config);
    world.ledger.forget();
    world.faults.loseAnswer('CreateDBSnapshot');
    const names = { DBInstanceIdentifier: 'lost-db', DBSnapshotIdentifier: 'lost' };
    const careless = new RDSClient({ ...world.config, maxAttempts: 1 });
    await expect(careless.send(new CreateDBSnapshotCommand(names))).rejects.toThrow(/hang up|ECONNRESET/);
    const { DBSnapshots = [] } = await rds.send(new DescribeDBSnapshotsCommand({ DBSnapshotIdentifier: 'lost' }));
    expect(DBSnapshots.length).toBe(1);
    const [effect, ...others] = world.ledger.effects();
    expect([effect?.service, effect?.name, effect?.parameters.DBSnapshotIdentifier]).toEqual([
      'rds',
      'CreateDBSnapshot',
      'lost',
    ]);
    expect(others).toEqual([]);
    expect(world.ledger.calls()).toEqual({ CreateDBSnapshot: 1, DescribeDBSnapshots: 1 });
  });

  test.each([
    ['throttled', () => world.faults.storm({ kind: 'throttled', share: 1 }), ['ThrottlingException', 'Throttling']],
    [
      'server-error',
      () => world.faults.storm({ kind: 'server-error', share: 1 }),
      ['InternalFailure', 'ServiceUnavailable'],
    ],
    ['expired', () => world.faults.expireCredentials(), ['ExpiredTokenException', 'ExpiredToken']],
    ['skewed', () => world.faults.setServerClock(20 * 60_000), ['InvalidSignatureException', 'SignatureDoesNotMatch']],
  ] as const)('refuses as AWS does: %s', async (kind, strike, [json, query]) => {
    const once = { ...world.config, maxAttempts: 1 };
    strike();
    try {
      const asked = new ECSClient(once).send(new DescribeServicesCommand({ services: ['any'] }));
      await expect(asked).rejects.toMatchObject({ name: json });
      await expect(new RDSClient(once).send(new DescribeDBInstancesCommand({}))).rejects.toMatchObject({ name: query });
      expect(world.faults.struck()[kind]).toBeGreaterThanOrEqual(2);
    } finally {
      world.faults.calm();
    }
  });
});
