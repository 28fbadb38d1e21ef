import { describe, expect, it, vi } from 'vitest';
import { type BlossomFaults, noBlossomFaults } from '../support/evidence-app/blossom/faults.ts';
import { type Faults, noFaults } from '../support/evidence-app/state.ts';
import { type Bed, blossomForFile, found, missing } from './sms-blossom-bed.ts';

const bed = blossomForFile();

/** Plants one fault and answers what takes it away again, where `heal` of the bed does not. */
type Plant = (bed: Bed) => Promise<(() => Promise<unknown>) | undefined> | undefined;

const fault =
  (changed: Partial<BlossomFaults & Faults>): Plant =>
  ({ world: { app } }) => {
    for (const [name, value] of Object.entries(changed)) {
      if (name in noBlossomFaults) Object.assign(app.blossom.faults, { [name]: value });
      else if (name in noFaults) Object.assign(app.faults, { [name]: value });
    }
    return undefined;
  };

const variable =
  (name: string, value: string, inApplication?: 'jwt' | 'shopify'): Plant =>
  ({ world: { app } }) => {
    vi.stubEnv(name, value);
    if (inApplication !== undefined) Object.assign(app.secrets, { [inApplication]: value });
    return undefined;
  };

const rows =
  (plant: string, undo: string): Plant =>
  async ({ world: { postgres } }) => {
    await postgres.sql(plant, 'blossom');
    return () => postgres.sql(undo, 'blossom');
  };

const jobs =
  (queue: 'automations' | 'dead-letter', count: number): Plant =>
  async ({ world: { app } }) => {
    const { [queue]: filled } = app.blossom.queues;
    // Jobs for later, so that no worker takes them.
    await filled.addBulk(Array.from({ length: count }, () => ({ name: 'late', data: {}, opts: { delay: 3_600_000 } })));
    return () => filled.obliterate({ force: true });
  };

const hanging: Plant = async ({ world: { worker } }) => {
  worker.kill('SIGSTOP');
  return async () => worker.kill('SIGCONT');
};

const lastMigration = `migration_name = '20260119090000_encrypted_contacts'`;

const planted: [group: string, what: string, plant: Plant, finds: string[]][] = [
  [
    'configuration',
    'a JWT_SECRET that is too short',
    variable('JWT_SECRET', 'short-secret', 'jwt'),
    ['FAIL variables'],
  ],
  [
    'configuration',
    'a WEBHOOK_HMAC_SECRET that nobody filled in',
    variable('WEBHOOK_HMAC_SECRET', 'your-webhook-secret-here', 'shopify'),
    ['FAIL variables'],
  ],
  ['configuration', 'every origin let in', fault({ reflectsOrigin: true }), ['FAIL browsers let only the frontend in']],
  ['configuration', 'answers without x-request-id', fault({ noRequestId: true }), ['FAIL answers carry a request id']],
  [
    'database',
    'a missing column',
    rows('ALTER TABLE customers RENAME phone_hash TO old', 'ALTER TABLE customers RENAME old TO phone_hash'),
    ['FAIL required columns are there'],
  ],
  [
    'database',
    'a migration that began and did not finish',
    rows(
      `UPDATE _prisma_migrations SET finished_at = NULL WHERE ${lastMigration}`,
      `UPDATE _prisma_migrations SET finished_at = now() WHERE ${lastMigration}`,
    ),
    ['FAIL migrations are applied'],
  ],
  [
    'database',
    'a migration that is pending',
    rows(
      `CREATE TABLE kept AS SELECT * FROM _prisma_migrations; DELETE FROM _prisma_migrations WHERE ${lastMigration}`,
      `INSERT INTO _prisma_migrations SELECT * FROM kept WHERE ${lastMigration}; DROP TABLE kept`,
    ),
    ['FAIL migrations are applied'],
  ],
  [
    'database',
    'phone numbers encrypted to 90 %',
    rows(
      'UPDATE customers SET phone = phone_encrypted, phone_encrypted = NULL WHERE id <= 2',
      'UPDATE customers SET phone_encrypted = phone, phone = NULL WHERE id <= 2',
    ),
    ['WARN phone numbers are encrypted'],
  ],
  ['queues', '100 jobs that wait', jobs('automations', 100), ['FAIL automations are worked on']],
  ['queues', 'a dead-letter queue that is not empty', jobs('dead-letter', 1), ['FAIL nothing was given up']],
  [
    'queues',
    'a worker that hangs',
    hanging,
    ['FAIL events are worked on', 'FAIL automations are worked on', 'FAIL campaigns are worked on'],
  ],
  [
    'security',
    'any signature of the storefront accepted',
    ({ world: { app } }) => {
      Object.assign(app.faults, { unsignedWebhooks: true });
      return undefined;
    },
    ['FAIL a wrong signature of the storefront is refused'],
  ],
  [
    'security',
    'forged tokens accepted',
    fault({ forgedTokens: true }),
    [
      'FAIL a token of another key is refused',
      'FAIL a token that was changed is refused',
      'FAIL a token without a signature is refused',
      'FAIL a token that has expired is refused',
    ],
  ],
  ['security', 'expired tokens accepted', fault({ expiredTokens: true }), ['FAIL a token that has expired is refused']],
  ['security', 'no limit of requests', fault({ noRateLimit: true }), ['FAIL too many requests are refused']],
  ['webhooks', 'no secret that fits', fault({ wrongSecret: true }), ['FAIL a signed webhook is accepted']],
  [
    'webhooks',
    'one that is not enqueued',
    fault({ webhooksNotEnqueued: true }),
    ['FAIL it is in the queue and gets done'],
  ],
  ['webhooks', 'one that is not stored', fault({ webhooksNotStored: true }), ['FAIL it is stored']],
  ['webhooks', 'unsigned ones accepted', fault({ unsignedWebhooks: true }), ['FAIL an unsigned webhook is refused']],
  [
    'webhooks',
    'refused ones kept all the same',
    fault({ keepsRefusedWebhooks: true }),
    ['FAIL nothing of it is stored', 'FAIL nothing of it is in the queue'],
  ],
  [
    'templates',
    'no strict mode',
    fault({ strictModeOff: true }),
    ['FAIL strict mode refuses an unknown variable', 'FAIL strict mode refuses an unknown filter'],
  ],
  ['templates', 'a filter that drops the cents', fault({ brokenFilters: true }), ['FAIL filters do what they promise']],
  ['campaigns', 'a wrong estimate', fault({ wrongEstimate: true }), ['FAIL its cost is estimated']],
  ['campaigns', 'a test message that is lost', fault({ losesTestMessages: true }), ['FAIL a test message is sent']],
  [
    'campaigns',
    'changes that are forgotten',
    fault({ forgetsChanges: true }),
    ['FAIL a campaign is made and changed and removed'],
  ],
  [
    'reports',
    'a cache that never hits',
    fault({ cacheNeverHits: true }),
    ['FAIL the second read is a cache hit', 'FAIL four of five reads come from the cache'],
  ],
  ['reports', 'every fourth report slow', fault({ reportDelayMs: 2_000 }), ['FAIL reports answer within 800 ms']],
  [
    'metrics',
    'a histogram that is not exposed',
    fault({ missingMetrics: ['report_duration_seconds'] }),
    ['FAIL required metrics are exposed'],
  ],
  ['metrics', 'counters that stand still', fault({ frozenMetrics: true }), ['FAIL requests are counted']],
];

describe.skipIf(missing !== undefined)('SB-01 to SB-08 the nine groups of SMS Blossom', () => {
  it.each(planted)('%s: %s is found by exactly the checks about it', async (group, _, plant, finds) => {
    const undo = await plant(bed());
    const results = await bed().ask([group], { hurried: true });
    await undo?.();
    expect(found(results)).toEqual(finds);
  });

  it('of all groups, only those are disturbed that a fault is about', async () => {
    Object.assign(bed().world.app.blossom.faults, { wrongEstimate: true, webhooksNotEnqueued: true });
    expect(found(await bed().ask([], { hurried: true }))).toEqual([
      'FAIL it is in the queue and gets done',
      'FAIL its cost is estimated',
    ]);
  });

  it('what cannot be reached is no PASS: the groups that need it are not asked', async () => {
    vi.stubEnv('DATABASE_URL', 'postgres://blossom@127.0.0.1:1/blossom');
    vi.stubEnv('REDIS_URL', 'redis://127.0.0.1:1');
    const results = await bed().ask(['database', 'queues', 'webhooks']);
    expect(found(results)).toEqual(['PENDING the database answers', 'FAIL Redis answers']);
    const passed = results.filter(({ status }) => status === 'PASS').map(({ name }) => name);
    expect(passed).toEqual([
      'the application is healthy',
      'a signed webhook is accepted',
      'an unsigned webhook is refused',
      'test webhooks are removed',
    ]);
  });
});
