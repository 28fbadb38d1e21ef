import { ECSClient, UpdateServiceCommand } from '@aws-sdk/client-ecs';
import { CreateDBSnapshotCommand, RDSClient } from '@aws-sdk/client-rds';
import type { Step } from '../src/release/target.ts';
import { awsEcs } from '../src/targets/aws-ecs/aws-ecs.ts';
import { prepare } from '../src/targets/aws-ecs/prepare.ts';
import { awsRds } from '../src/targets/aws-rds/aws-rds.ts';
import { type StockWait, waitAsBoto3 } from '../tests/support/aws/stock-waiter.ts';
import { type AwsWorld, startAws } from '../tests/support/aws/world.ts';
import { cluster, openAws } from '../tests/targets/aws-ecs/world.ts';
import { openShop } from '../tests/targets/aws-rds/world.ts';
import type { Measurement } from './measurement.ts';
import { type Also, compared } from './outcome.ts';
import { shiftClock } from './shifted-date.ts';

const minute = 60_000;
/** Of a deployment: how long old tasks take to end. */
const lastMs = 20_000;
/** Evenly around what is usual, by a tenth at most; not in the order of their size. */
const jitters = [1.03, 0.91, 1.08, 0.97, 1.1, 0.94, 1, 1.06, 0.9];

/** `calls`: that waiting cost · `lagMs`: from the end until it was noticed · `gaveUp`: though it went well */
type Waited = { calls: number; lagMs: number; gaveUp: boolean };
type Pair = { ours: Waited; peer: Waited };

const describing = [
  'DescribeDBSnapshots',
  'DescribeServices',
  'ListServiceDeployments',
  'DescribeServiceDeployments',
  'DescribeTasks',
  'ListTasks',
];

function looksOf(world: AwsWorld): number {
  const calls = world.ledger.calls();
  return describing.reduce((sum, name) => sum + (calls[name] ?? 0), 0);
}

/** Looks as often as the target asks for; each pause is a leap of the world's time. */
async function drive(world: AwsWorld, look: () => Promise<Step<unknown>>, settleMs = 0): Promise<void> {
  const clock = shiftClock();
  try {
    for (;;) {
      const step = await look();
      if (step.state === 'done') return;
      if (step.state === 'ask') throw new Error(step.question);
      clock.by(step.lookAgainMs);
      await world.advance(step.lookAgainMs);
      // The processes of tasks start in real time.
      if (settleMs > 0) await new Promise((resolve) => setTimeout(resolve, settleMs));
    }
  } finally {
    clock.end();
  }
}

async function measured(world: AwsWorld, tookMs: number, wait: () => Promise<unknown>): Promise<Waited> {
  const before = looksOf(world);
  const begun = await world.now();
  await wait();
  return { calls: looksOf(world) - before, lagMs: Math.max(0, (await world.now()) - begun - tookMs), gaveUp: false };
}

async function asBoto3(world: AwsWorld, tookMs: number, wait: StockWait): Promise<Waited> {
  const begun = await world.now();
  const { calls, outcome } = await waitAsBoto3(world, wait);
  const lagMs = Math.max(0, (await world.now()) - begun - tookMs);
  return { calls, lagMs, gaveUp: outcome !== 'done' };
}

async function snapshots(world: AwsWorld, usualMs: number, rounds: number): Promise<Pair[]> {
  const shop = await openShop(world);
  const rds = new RDSClient(world.direct);
  const pairs: Pair[] = [];
  for (const [index, jitter] of jitters.slice(0, rounds).entries()) {
    const snapshotMs = Math.round(usualMs * jitter);
    await world.configure({ durations: { snapshotMs } });
    const call = shop.call({
      key: `save ${index}`,
      release: `00000000-0000-7000-8000-${String(usualMs + index).padStart(12, '0')}`,
    });
    const ours = await measured(world, snapshotMs, () => drive(world, () => awsRds.save(call)));
    const DBSnapshotIdentifier = `stock-${usualMs}-${index}`;
    await rds.send(new CreateDBSnapshotCommand({ DBInstanceIdentifier: shop.instance, DBSnapshotIdentifier }));
    const wait = { service: 'rds', waiter: 'db_snapshot_available', parameters: { DBSnapshotIdentifier } };
    pairs.push({ ours, peer: await asBoto3(world, snapshotMs, wait) });
    await world.advance(usualMs);
  }
  await shop.end();
  return pairs;
}

async function deployments(rounds: number): Promise<Pair[]> {
  const open = await openAws();
  try {
    const world = await open.serviceOf();
    const ecs = new ECSClient(open.aws.direct);
    const pairs: Pair[] = [];
    // The first one is no comparison: it teaches how long a deployment takes.
    for (const [index, jitter] of [1, ...jitters.slice(0, rounds)].entries()) {
      const tookMs = Math.round(6 * minute * jitter);
      await open.aws.configure({
        durations: { taskStartMs: tookMs - lastMs, drainMs: lastMs },
      });
      const version = `v${index + 2}`;
      await world.push(version);
      const spec = world.specOf({ image: world.first.reference.replace(/:v1$/, `:${version}`) });
      world.pinned = await world.drive('prepare', (call) => prepare(call, version), { spec });
      const call = world.call(`deploy ${version}`, { spec });
      const ours = await measured(open.aws, tookMs, () =>
        drive(open.aws, () => awsEcs.apply(call, 'deploy', version), 150),
      );
      await ecs.send(new UpdateServiceCommand({ cluster, service: world.name, forceNewDeployment: true }));
      const parameters = { cluster, services: [world.name] };
      const peer = await asBoto3(open.aws, tookMs, { service: 'ecs', waiter: 'services_stable', parameters });
      if (index > 0) pairs.push({ ours, peer });
    }
    return pairs;
  } finally {
    await open.close();
  }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, each) => sum + each, 0) / values.length;
}

/** How late the end is noticed is compared where both noticed it at all. */
function summed(what: string, pairs: readonly Pair[]): { calls: Also; lag: Also | null } {
  const noticed = pairs.filter(({ ours, peer }) => !ours.gaveUp && !peer.gaveUp);
  const of = (some: readonly Pair[], read: (one: Waited) => number): { ours: number; peer: number } => ({
    ours: mean(some.map(({ ours }) => read(ours))),
    peer: mean(some.map(({ peer }) => read(peer))),
  });
  return {
    calls: compared(
      `${what}: calls`,
      'calls',
      of(pairs, ({ calls }) => calls),
    ),
    lag:
      noticed.length === 0
        ? null
        : compared(
            `${what}: noticed late by`,
            's',
            of(noticed, ({ lagMs }) => lagMs / 1000),
          ),
  };
}

/** (k) What it costs to wait for AWS, and how late its end is noticed, against the stock waiters of boto3. */
export const waits: Measurement = async ({ scope, quick, say }) => {
  const world = await scope.open(
    () => startAws(),
    (open) => open.stop(),
  );
  Object.assign(process.env, world.environment);
  const rounds = quick ? 1 : jitters.length;
  const all: { what: string; pairs: Pair[] }[] = [];
  for (const minutes of quick ? [2] : [2, 20, 45]) {
    all.push({ what: `a snapshot of ${minutes} min`, pairs: await snapshots(world, minutes * minute, rounds) });
    say(`k: snapshots of ${minutes} min done`);
  }
  all.push({ what: 'a deployment of 6 min', pairs: await deployments(quick ? 1 : 5) });
  const pairs = all.flatMap((each) => each.pairs);
  const { calls, lag } = summed('all', pairs);
  const gaveUp = (side: 'ours' | 'peer'): number => pairs.filter((pair) => pair[side].gaveUp).length;
  return {
    ...calls,
    what: 'calls to wait for AWS, against the stock waiters of boto3',
    id: 'k',
    target: 'half the calls, a third of the lag, no false time-out',
    met: (calls.ratio ?? 1) <= 0.5 && (lag?.ratio ?? 1) <= 1 / 3 && gaveUp('ours') === 0,
    also: [lag, ...all.flatMap((each) => Object.values(summed(each.what, each.pairs)))].filter((each) => each !== null),
    notes: [
      `durations vary by a tenth; time is the world's, which leaps; gave up on what went well: ours ${gaveUp('ours')}, boto3 ${gaveUp('peer')} of ${pairs.length}`,
    ],
  };
};
