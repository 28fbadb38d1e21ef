import { describe, expect, it } from 'vitest';
import { loaded, said, shop, shopWith } from './plans.ts';

const minute = 60_000;

async function steps(content: string): Promise<string[]> {
  const { plan } = await loaded(content);
  return plan.steps.map(({ phase, point, id }) => `${phase} ${point} ${id}`);
}

const breaking: [string, string] = ['compatibility: backward', 'compatibility: breaking'];
const seed: [string, string] = [
  '    compatibility:',
  `    seed: { directory: ./seeds }
    verifySeed: [{ name: prices, kind: sql, url: "\${env:URL}", query: SELECT 1, expect: { min: 1 } }]
    compatibility:`,
];

describe('The runbook of a good plan', () => {
  it('is flat, in order, and each step knows its rollback point', async () => {
    expect(await steps(shop)).toEqual([
      'prepare 0 prepare database',
      'prepare 0 prepare backend',
      'preflight 0 survey database',
      'preflight 0 survey backend',
      'preflight 0 preflight',
      'baseline 0 survey database again',
      'baseline 0 survey backend again',
      'baseline 0 preflight again',
      'change 0 snapshot database',
      'change 1 migrate database',
      'change 1 verify database',
      'change 1 snapshot backend',
      'change 2 deploy backend',
      'evidence 2 smoke',
    ]);
  });

  it('verifies the migration, then seeds, then verifies the seed', async () => {
    expect((await steps(shopWith(seed))).filter((step) => step.startsWith('change 1'))).toEqual([
      'change 1 migrate database',
      'change 1 verify database',
      'change 1 seed database',
      'change 1 verify seed of database',
      'change 1 snapshot backend',
    ]);
  });

  it('holds the writers before the savepoint of a breaking migration, and lets them in before the new code', async () => {
    expect((await steps(shopWith(breaking))).filter((step) => step.startsWith('change'))).toEqual([
      'change 0 hold backend',
      'change 0 hold database',
      'change 0 snapshot database',
      'change 1 migrate database',
      'change 1 verify database',
      'change 1 resume database',
      'change 1 snapshot backend',
      'change 2 deploy backend',
    ]);
  });

  it('starts a held writer again when nothing deploys it later', async () => {
    const content = `${shopWith(
      breaking,
      ['writers: [backend]', 'writers: [backend, mailer]'],
      ['  backend:\n', '  mailer: { kind: memory-database, world: m, compatibility: both }\n  backend:\n'],
    )}`;
    expect((await steps(content)).filter((step) => /hold|resume/.test(step))).toEqual([
      'change 0 hold mailer',
      'change 0 hold backend',
      'change 0 hold database',
      'change 1 resume database',
      'change 1 resume mailer',
    ]);
  });

  it('gives every step an id of its own, also when two databases hold the same writer', async () => {
    const second = `  ledger: { kind: postgres, url: "\${env:LEDGER}", writers: [backend, mailer], migrate: { directory: ./l }, compatibility: breaking }
  mailer: { kind: memory-database, world: m, compatibility: both }
  backend:
`;
    const content = shopWith(breaking, ['writers: [backend]', 'writers: [backend, mailer]'], ['  backend:\n', second]);
    const ids = (await loaded(content)).plan.steps.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.filter((id) => /hold|resume/.test(id))).toEqual([
      'hold mailer',
      'hold backend',
      'hold database',
      'resume database',
      'resume mailer',
      'hold mailer for ledger',
      'hold ledger',
      'resume ledger',
      'resume mailer for ledger',
    ]);
  });

  it('takes code through deploy, verify and invalidate, and all evidence at the last point', async () => {
    const content = shopWith([
      'watch:\n',
      `performance: { requests: [{ name: list, url: "http://127.0.0.1/", p95: { rollBack: 300ms } }] }
monitoring: [{ name: logs arrive, kind: command, run: [./logs] }]
watch:
`,
    ]).replace(
      'smoke:',
      `  frontend:
    kind: site
    root: ./run/www
    source: ./www
    invalidate: { command: [./purge] }
    verify: [{ name: page, kind: http, url: "http://127.0.0.1/" }]
smoke:`,
    );
    expect((await steps(content)).slice(-7)).toEqual([
      'change 2 snapshot frontend',
      'change 3 deploy frontend',
      'change 3 verify frontend',
      'change 3 invalidate frontend',
      'evidence 3 smoke',
      'evidence 3 performance',
      'evidence 3 monitoring',
    ]);
  });

  it('changes nothing of a database that has neither migration nor seed', async () => {
    const content = shopWith(
      ['    migrate: { directory: "./versions/${version}/migrations" }\n', ''],
      ['    compatibility: backward\n', ''],
    );
    expect((await steps(content)).filter((step) => step.endsWith(' database'))).toEqual([
      'prepare 0 prepare database',
      'preflight 0 survey database',
      'change 0 snapshot database',
      'change 1 verify database',
    ]);
    expect((await loaded(content)).plan.targets[0]?.compatibility).toEqual({ backward: true, forward: true });
  });
});

describe('A normalised plan leaves nothing to be guessed', () => {
  it('fills in defaults and times in milliseconds', async () => {
    const { plan, warnings } = await loaded(shop);
    expect(warnings).toEqual([]);
    expect(plan).toMatchObject({
      format: 1,
      application: 'shop',
      environment: 'production',
      version: 'v2',
      window: null,
      people: { 'product-owner': { name: 'Product owner', contact: null } },
      gate: {
        deciders: ['product-owner'],
        needs: 1,
        notRequester: false,
        deadlineMs: 1440 * minute,
        remindEveryMs: null,
      },
      questions: { deciders: ['deployment-lead'], needs: 1, deadlineMs: 30 * minute, remindEveryMs: 5 * minute },
      rollback: { holdMs: 5 * minute, dataLoss: 'ask', ignore: [] },
      taskQueue: 'savepoint',
      localTaskQueue: 'savepoint/here',
    });
    expect(plan.watch).toMatchObject({
      stretches: [{ everyMs: 15 * minute, forMs: 240 * minute }],
      probe: { name: 'probe', everyMs: 1000 },
      criteria: [{ name: 'errors', measure: 'errors', rollBackAbove: 10, consultAbove: 5 }],
      minimumSamples: 20,
      maxUnwatched: 0.1,
      reviewAfterMs: null,
    });
    expect(plan.afterRollback.map(({ name }) => name)).toEqual(['list products']);
  });

  it('puts the version in and leaves references as they are', async () => {
    const { plan } = await loaded(shop, { version: 'v7' });
    expect(plan.targets[0]?.spec).toMatchObject({
      url: '${env:SHOP_ADMIN_URL}',
      migrate: { directory: './versions/v7/migrations' },
    });
    expect(plan.targets[1]?.spec).toMatchObject({ source: './versions/v7/backend', ports: [4001, 4002] });
    expect(JSON.stringify(plan)).not.toContain('${version}');
  });

  it('keeps what every kind has out of what a kind is given', async () => {
    const { plan } = await loaded(shop);
    const keys = Object.keys(plan.targets[0]?.spec ?? {});
    expect(keys).not.toEqual(expect.arrayContaining(['kind']));
    for (const key of ['writers', 'compatibility', 'verify', 'scope', 'patience']) expect(keys).not.toContain(key);
  });

  it('asks the deciders of the gate when nobody else is named for questions', async () => {
    const content = shopWith(['questions: { deciders: [deployment-lead], deadline: 30m, remindEvery: 5m }\n', '']);
    expect((await loaded(content)).plan.questions).toEqual({
      deciders: ['product-owner'],
      needs: 1,
      notRequester: false,
      deadlineMs: 30 * minute,
      remindEveryMs: 5 * minute,
      escalate: [],
    });
  });

  it('lets a step outlast the timeouts of its target, and obeys patience', async () => {
    const patience = async (content: string, id: string): Promise<number | undefined> =>
      (await loaded(content)).plan.steps.find((step) => step.id === id)?.patienceMs;
    const migrations = '"./versions/${version}/migrations"';
    expect(await patience(shop, 'migrate database')).toBe(60 * minute);
    const long = shopWith([migrations, `${migrations}, timeout: 3h`]);
    expect(await patience(long, 'migrate database')).toBe(181 * minute);
    const short = shopWith(['    compatibility:', '    patience: { migrate: 90s }\n    compatibility:']);
    expect(await patience(short, 'migrate database')).toBe(1.5 * minute);
  });

  it('allows keys that begin with x- wherever keys are known, and headers of that name stay', async () => {
    const content = shopWith(
      ['application: shop', 'x-owner: { team: 1 }\napplication: shop'],
      ['    root: ./run/backend', '    x-note: free\n    root: ./run/backend'],
      ['  - { name: list products,', '  - { x-ticket: 4, headers: { x-request-id: one }, name: list products,'],
    );
    const { plan } = await loaded(content);
    expect(JSON.stringify(plan)).not.toMatch(/x-owner|x-note|x-ticket/);
    expect(plan.afterRollback[0]?.spec).toMatchObject({ headers: { 'x-request-id': 'one' } });
  });

  it('understands anchors, aliases and merge keys', async () => {
    const content = shopWith(
      [
        'application: shop',
        'x-url: &url http://127.0.0.1:8080/products\nx-once: &once { within: 5s, critical: false }\napplication: shop',
      ],
      ['url: "http://127.0.0.1:8080/products", repeatable: true', 'url: *url, <<: *once, repeatable: true'],
    );
    expect((await loaded(content)).plan.afterRollback[0]).toMatchObject({
      withinMs: 5000,
      critical: false,
      spec: { url: 'http://127.0.0.1:8080/products' },
    });
  });
});

describe('Warnings stop nothing and are worth reading', () => {
  it('when nobody is asked and nothing is asked after a rollback', async () => {
    const content = shopWith(
      ['gates:\n  go-no-go: { deciders: [product-owner], needs: 1 }\n', ''],
      [', repeatable: true', ''],
    );
    expect(said(await loaded(content))).toEqual([
      'release.yaml:1:1: warning: gates: nobody is asked before the release changes something; add gates: { go-no-go: { deciders: [...] } }',
      'release.yaml:24:1: warning: smoke: no smoke check is repeatable, so none is asked after a rollback; mark those that change nothing with repeatable: true',
    ]);
  });

  it('when the requester alone could decide and may not, the start is refused', async () => {
    const content = shopWith(['needs: 1', 'needs: 1, notRequester: true']);
    expect(said(await loaded(content))).toEqual([]);
    await expect(loaded(content, { requester: 'product-owner' })).rejects.toThrow(
      'release.yaml:7:49: gates.go-no-go.needs: needs 1 deciders and only 0 can answer without product-owner, who asked for the release; name more deciders or need fewer',
    );
  });
});
