import {
  CreateClusterCommand,
  DescribeTasksCommand,
  ECSClient,
  ListTasksCommand,
  RegisterTaskDefinitionCommand,
} from '@aws-sdk/client-ecs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { awsRds } from '../../../src/targets/aws-rds/aws-rds.ts';
import { webProgram } from '../../support/aws/programs.ts';
import type { AwsWorld } from '../../support/aws/world.ts';
import { failureOf, openAws, openShop, prepared, restore, type Shop, save, settle, skip } from './world.ts';

let aws: AwsWorld;
let ecs: ECSClient;
beforeAll(async () => {
  if (skip !== undefined) return;
  aws = await openAws();
  ecs = new ECSClient(aws.direct);
  await ecs.send(new CreateClusterCommand({ clusterName: 'shop' }));
});
afterAll(() => aws?.stop());

/** Migrates the database that its own definition leads to, as an image of a backend does. */
function migrator(end: string): string {
  const first = `
import pg from 'pg';
const client = new pg.Client({ connectionString: process.env.SHOP_DATABASE, application_name: process.env.PGAPPNAME });
await client.connect();
await client.query('create table if not exists reports (id int primary key, by text)');
await client.query('insert into reports values ((select count(*) from reports), $1)', [process.argv.slice(2).join(' ')]);
console.log('migrated for ' + process.env.SAVEPOINT_VERSION + ', secrets told: ' + (process.env.DATABASE_URL ?? 'none'));
${end}`;
  return webProgram({ version: 'v2', first });
}

let count = 0;

/** A plan whose migration is a task with the image `end` describes; the definition has an image that cannot migrate. */
async function taskSpec(shop: Shop, end: string): Promise<Record<string, unknown>> {
  count += 1;
  const old = await aws.pushImage(`old-${count}`, 'live', webProgram({ version: 'v1', crashes: true }));
  const image = await aws.pushImage(`new-${count}`, 'v2', migrator(end));
  const family = `shop-backend-${count}`;
  const url = (await shop.call()).spec.url;
  const container = { name: 'app', image: old.reference, environment: [{ name: 'SHOP_DATABASE', value: url }] };
  await ecs.send(
    new RegisterTaskDefinitionCommand({ family, cpu: '256', memory: '512', containerDefinitions: [container] }),
  );
  const task = { cluster: 'shop', taskDefinition: family, image: image.pinned, command: ['migrate', 'now'] };
  return { migrate: { task, timeout: '30s' } };
}

function migrate(shop: Shop, spec: Record<string, unknown>, key = 'apply migrate') {
  const call = shop.call({ key, spec });
  return settle(() => awsRds.apply(call, 'migrate', 'v2'));
}

async function running(): Promise<string[]> {
  const { taskArns = [] } = await ecs.send(new ListTasksCommand({ cluster: 'shop' }));
  return taskArns;
}

describe.skipIf(skip !== undefined)('a migration as a one-off ECS task', () => {
  it('runs the new image once, is told no secret, and goes back with the database', async () => {
    const shop = await openShop(aws);
    const spec = await taskSpec(shop, 'process.exit(0);');
    await prepared(shop, { spec });
    const saved = await save(shop, { spec });
    await migrate(shop, spec);
    await migrate(shop, spec);
    expect(await shop.sql('select by from reports')).toEqual([{ by: 'migrate now' }]);
    expect(aws.ledger.effects('RunTask')).toHaveLength(1);
    expect(aws.ledger.effects('RegisterTaskDefinition')).toHaveLength(1);
    expect(JSON.stringify(aws.ledger.effects('RunTask'))).not.toContain('of-1');
    await restore(shop, saved, { spec });
    expect(await shop.sql(`select to_regclass('reports') as reports`)).toEqual([{ reports: null }]);
    await shop.end();
  }, 60_000);

  it('fails with the exit code of the container', async () => {
    const shop = await openShop(aws);
    const spec = await taskSpec(shop, 'process.exit(3);');
    await save(shop, { spec });
    expect(await failureOf(migrate(shop, spec))).toMatchObject({
      kind: 'failed',
      message: expect.stringContaining('ended with 3'),
    });
    await shop.end();
  }, 60_000);

  it('ends the task of an attempt that was lost, and does not begin on top of what it left', async () => {
    const shop = await openShop(aws);
    const spec = await taskSpec(shop, 'await new Promise((resolve) => setTimeout(resolve, 60_000));');
    await save(shop, { spec });
    const lost = new AbortController();
    const call = shop.call({ key: 'apply migrate', spec, signal: lost.signal });
    const first = settle(() => awsRds.apply(call, 'migrate', 'v2')).catch((error: unknown) => error);
    for (
      let tries = 0;
      (await shop.sql(`select to_regclass('reports') as there`))[0]?.there === null && tries < 400;
      tries += 1
    ) {
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    const [arn = ''] = await running();
    const failure = await failureOf(migrate(shop, spec));
    expect(failure).toMatchObject({ kind: 'failed', message: expect.stringContaining('was interrupted') });
    const { tasks = [] } = await ecs.send(new DescribeTasksCommand({ cluster: 'shop', tasks: [arn] }));
    expect(tasks[0]?.lastStatus).toBe('STOPPED');
    expect(await running()).toEqual([]);
    expect(await shop.sql('select count(*)::int as n from reports')).toEqual([{ n: 1 }]);
    lost.abort(new Error('the test is over'));
    await first;
    await shop.end();
  }, 60_000);
});
