import { CreateClusterCommand, DescribeServicesCommand, ECSClient, ListClustersCommand } from '@aws-sdk/client-ecs';
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

  test('loses the first answer of every changing operation, and none of those that only ask', async () => {
    world.faults.loseEachFirstAnswer();
    try {
      const ecs = new ECSClient({ ...world.config, maxAttempts: 1 });
      const create = (clusterName: string) => ecs.send(new CreateClusterCommand({ clusterName }));
      await expect(create('first')).rejects.toThrow(/hang up|ECONNRESET/);
      await create('second');
      const { clusterArns = [] } = await ecs.send(new ListClustersCommand({}));
      expect(clusterArns.map((arn) => arn.split('/')[1]).sort()).toEqual(['first', 'second']);
    } finally {
      world.faults.calm();
    }
  });

  test('strikes a share of the calls, the same ones for the same seed', async () => {
    const ecs = new ECSClient({ ...world.config, maxAttempts: 1 });
    const round = async (): Promise<boolean[]> => {
      world.faults.storm({ kind: 'throttled', share: 0.3, seed: 7, services: ['ecs'] });
      const outcomes: boolean[] = [];
      for (let call = 0; call < 100; call += 1) {
        outcomes.push(
          await ecs.send(new ListClustersCommand({})).then(
            () => true,
            () => false,
          ),
        );
      }
      world.faults.calm();
      return outcomes;
    };
    const first = await round();
    const struck = first.filter((answered) => !answered).length;
    expect(struck).toBeGreaterThan(15);
    expect(struck).toBeLessThan(45);
    expect(await round()).toEqual(first);
  });

  test('keeps worlds apart that run side by side', async () => {
    const other = await startAws();
    try {
      await new ECSClient(world.config).send(new CreateClusterCommand({ clusterName: 'mine' }));
      const { clusterArns } = await new ECSClient(other.config).send(new ListClustersCommand({}));
      expect(clusterArns).toEqual([]);
    } finally {
      await other.stop();
    }
  });
});
