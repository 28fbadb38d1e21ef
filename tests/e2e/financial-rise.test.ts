import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findMoto } from '../support/aws/moto.ts';
import { type FinancialRise, openFinancialRise } from '../support/financial-rise.ts';
import { approve, type Handle, type ReleaseResult, until } from '../support/release.ts';
import { isMissing } from '../support/tools.ts';

const moto = findMoto();

/** Building and surveying take their time on a small machine. */
async function go(handle: Handle): Promise<void> {
  await until(handle, ({ question, phase }) => question !== null || phase === 'ended', 120_000);
  await approve(handle);
}

async function ended(handle: Handle): Promise<ReleaseResult> {
  const { question } = await until(handle, (status) => status.phase === 'ended' || status.question !== null, 280_000);
  // Nothing here needs a person; without this, an open question would be a time-out.
  if (question !== null) throw new Error(`${question.text}: ${question.why}`);
  return await handle.result();
}

async function users(rise: FinancialRise): Promise<number> {
  const [row] = await rise.sql<{ count: number }>(`SELECT count(*)::int AS count FROM users WHERE email LIKE 'user-%'`);
  return row?.count ?? 0;
}

describe.skipIf(isMissing(moto))(`the runbook of Financial RISE${isMissing(moto) ? ` (${moto.missing})` : ''}`, () => {
  let rise: FinancialRise;

  beforeAll(async () => {
    rise = await openFinancialRise();
  }, 120_000);

  afterAll(async () => {
    await rise?.stop();
  });

  it('FR-06 FR-14 brings the instance back from its snapshot when a migration leaves the data wrong', async () => {
    const handle = await rise.release('v1.0.0', {
      files: {
        'backend/migrations/1766100000000-cleanup.sql': `UPDATE users SET email = 'gone-' || id WHERE id > 25;`,
      },
    });
    await go(handle);
    const result = await ended(handle);
    expect(result).toMatchObject({ outcome: 'rolled-back', failedStep: 'verify database', rowsLost: 0, stays: [] });
    expect(await users(rise)).toBe(50);
    expect(await rise.versions()).toEqual({ backend: 'v0.9.0', frontend: 'v0.9.0' });
    expect(rise.world.ledger.effects('RestoreDBInstanceFromDBSnapshot')).toHaveLength(1);
    expect(rise.world.ledger.effects('DeleteDBInstance')).toEqual([]);
    expect(rise.told.filter(({ to }) => to === 'status page').map(({ event }) => event)).toEqual([
      'maintenance',
      'recovered',
    ]);
  }, 300_000);

  it('FR-15 takes everything back when the frontend cannot run: announced, data restored, cache emptied, told again', async () => {
    await rise.redis.client.mset('financial-rise:page:1', 'new', 'sessions:1', 'somebody');
    rise.told.length = 0;
    const before = await rise.invalidations();
    const handle = await rise.release('v1.0.3', {
      plan: (plan) => Object.assign(plan.targets.database ?? {}, { compatibility: 'breaking' }),
      files: { 'frontend/server.mjs': 'throw new Error("there is no page");' },
    });
    await go(handle);
    const result = await ended(handle);
    expect(result).toMatchObject({ outcome: 'rolled-back', failedStep: 'deploy frontend', rowsLost: 0, stays: [] });
    expect(await rise.versions()).toEqual({ backend: 'v0.9.0', frontend: 'v0.9.0' });
    expect(await rise.sql(`SELECT to_regclass('reports') AS reports`)).toEqual([{ reports: null }]);
    expect(await rise.redis.client.mget('financial-rise:page:1', 'sessions:1')).toEqual([null, 'somebody']);
    expect((await rise.invalidations()) - before).toBeLessThanOrEqual(1);
    expect(rise.told.filter(({ to }) => to === 'status page').map(({ event }) => event)).toEqual([
      'maintenance',
      'recovered',
    ]);
  }, 400_000);

  it('FR-07 FR-13 takes a backend that logs errors back to the bytes that ran before', async () => {
    const handle = await rise.release('v1.0.1', {
      backend: (source) => `console.log('ERROR there is no mail server');\n${source}`,
    });
    await go(handle);
    const result = await ended(handle);
    expect(result).toMatchObject({ outcome: 'rolled-back', failedStep: 'logs backend' });
    expect(await rise.versions()).toEqual({ backend: 'v0.9.0', frontend: 'v0.9.0' });
    expect(await users(rise)).toBe(50);
  }, 300_000);

  it('FR-04 to FR-11, FR-17 releases both services on the migrated database, and empties CloudFront once', async () => {
    const before = await rise.invalidations();
    const handle = await rise.release('v1.0.2');
    await go(handle);
    expect(await ended(handle)).toMatchObject({ outcome: 'released' });
    expect(await rise.versions()).toEqual({ backend: 'v1.0.2', frontend: 'v1.0.2' });
    expect(await rise.sql('SELECT count(*)::int AS count FROM questions')).toEqual([{ count: 25 }]);
    expect(await rise.sql(`SELECT count(*)::int AS count FROM reports`)).toEqual([{ count: 2 }]);
    expect((await rise.invalidations()) - before).toBe(1);
  }, 300_000);
});
