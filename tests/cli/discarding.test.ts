import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { recorded, refuseWhileNeeded, refuseYoung } from '../../src/cli/discarding.ts';
import type { KeptOf } from '../../src/cli/keeping.ts';
import type { Seen } from '../../src/client/reading.ts';
import { TargetFailure } from '../../src/release/failure.ts';

const kept: KeptOf = {
  target: 'database',
  name: 'shop_superseded_1a2b3c4d',
  what: 'superseded',
  release: '1a2b3c4d',
  since: '2026-03-01T10:00:00.000Z',
  bytes: 10,
  owner: 'shop_owner',
  level: 'unproved',
  obstacle: null,
};
const run = (of: Partial<Seen>): Seen => ({
  workflowId: 'release/shop/production',
  runId: 'run',
  running: false,
  state: 'completed',
  application: 'shop',
  environment: 'production',
  version: 'v2',
  requester: null,
  phase: null,
  outcome: 'released',
  startedAt: '2026-03-02T10:00:00.000Z',
  endedAt: null,
  taskQueue: 'savepoint',
  url: null,
  ...of,
});

describe('whether something may be discarded', () => {
  it('depends on what runs, or was left dirty, in its environment', () => {
    const refused = (of: Partial<KeptOf>, seen: Seen | null) => () => refuseWhileNeeded({ ...kept, ...of }, seen);
    const active = run({ running: true, outcome: null });
    const dirty = run({ outcome: null, state: 'terminated' });
    expect(refused({ what: 'savepoint' }, null)).not.toThrow();
    expect(refused({ what: 'savepoint' }, run({}))).not.toThrow();
    expect(refused({}, active)).not.toThrow();
    expect(refused({}, dirty)).not.toThrow();
    expect(refused({ since: '2026-03-02T11:00:00.000Z' }, active)).toThrow('v2 is active');
    expect(refused({ since: null }, active)).toThrow('is active');
    for (const what of ['savepoint', 'unfinished', 'version'] as const) {
      expect(refused({ what }, active), what).toThrow('is active');
      expect(refused({ what }, dirty), what).toThrow('was left dirty');
      expect(refused({ what }, run({ outcome: 'abandoned', state: 'failed' })), what).toThrow('was left dirty');
    }
  });

  it('depends on its age, unless that does not matter', () => {
    const day = 24 * 60 * 60_000;
    const now = Date.parse('2026-03-05T10:00:00.000Z');
    expect(() => refuseYoung(kept, 7 * day, now)).toThrow('younger than');
    expect(() => refuseYoung(kept, 4 * day, now)).not.toThrow();
    expect(() => refuseYoung({ ...kept, since: null }, 7 * day, now)).toThrow('nobody knows how old');
    expect(() => refuseYoung({ ...kept, since: null }, null, now)).not.toThrow();
  });
});

describe('the record of what was discarded', () => {
  let records = '';
  beforeEach(async () => {
    records = await mkdtemp(join(tmpdir(), 'savepoint-records-'));
  });
  afterEach(() => rm(records, { recursive: true }));
  const folder = () => join(records, 'shop', 'production', 'discarded');
  const discarding = { by: 'product-owner', reason: 'looked at', at: '2026-03-20T10:00:00.000Z' };
  const plan = () => ({ records, application: 'shop', environment: 'production' });

  it('is begun before and completed after', async () => {
    const begun: string[][] = [];
    const file = await recorded(plan(), { kept, discarding }, async () => begun.push(await readdir(folder())));
    expect(begun).toEqual([[expect.stringMatching(/\.json\.part$/)]]);
    expect(await readdir(folder())).toHaveLength(1);
    expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({
      ...discarding,
      name: kept.name,
      level: 'unproved',
    });
  });

  it('stays begun where nobody knows what happened, and is taken back where nothing did', async () => {
    const failing = (error: Error) => recorded(plan(), { kept, discarding }, () => Promise.reject(error));
    await expect(failing(new TargetFailure('refused', 'somebody is in it'))).rejects.toThrow('somebody');
    expect(await readdir(folder())).toEqual([]);
    await expect(failing(new TargetFailure('unreachable', 'gone'))).rejects.toThrow('gone');
    expect(await readdir(folder())).toEqual([expect.stringMatching(/\.json\.part$/)]);
  });
});
