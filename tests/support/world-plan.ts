/** Where a plan's targets live. */
export type Setting = { application: string; origin: string; ports: number[]; ledger: string };

/** What makes one plan differ from another. */
export type PlanOptions = {
  compatibility?: 'backward' | 'breaking';
  /** Users ask `GET /slow` in the smoke step. */
  slowSmoke?: boolean;
  /** Milliseconds between two points, and until the end. */
  watch?: { everyMs: number; forMs: number };
  /** What the database's target says under `rehearse`. */
  rehearse?: unknown;
  /** How the database is migrated instead. */
  migrate?: unknown;
  /** Laid over the plan, key by key. */
  more?: Record<string, unknown>;
};

const people = {
  'product-owner': { name: 'Product owner' },
  'deployment-lead': { name: 'Deployment lead' },
};

/** A plan over postgres, process and site, with short waits. References are resolved by the worker. */
export function worldPlan(setting: Setting, options: PlanOptions = {}): Record<string, unknown> {
  const { application, origin } = setting;
  return {
    application,
    environment: 'test',
    people,
    gates: { 'go-no-go': { deciders: ['product-owner'], deadline: '1h' } },
    questions: { deciders: ['deployment-lead'], deadline: '30m' },
    targets: {
      database: {
        ...database(application, options.compatibility ?? 'backward'),
        ...(options.migrate === undefined ? {} : { migrate: options.migrate }),
        ...(options.rehearse === undefined ? {} : { rehearse: options.rehearse }),
      },
      backend: backend(setting),
      frontend: {
        kind: 'site',
        root: './run/www',
        source: './versions/${version}/frontend',
        build: { command: ['node', 'build.mjs'], env: { LEDGER: setting.ledger } },
        url: `${origin}/`,
      },
    },
    smoke: [
      {
        name: 'there is something to buy',
        kind: 'http',
        url: `${origin}/api/items`,
        expect: { json: { '$.items': { min: 1 } } },
        repeatable: false,
      },
      ...(options.slowSmoke ? [{ name: 'slow', kind: 'http', url: `${origin}/api/slow`, timeout: '60s' }] : []),
    ],
    ...(options.watch === undefined ? {} : { watch: watching(origin, options.watch) }),
    ...options.more,
  };
}

function database(application: string, compatibility: string): object {
  const url = `\${env:WORLD_OWNER}/${application}`;
  const check = (name: string, query: string): object => ({ name, kind: 'sql', url, query, expect: { value: 0 } });
  return {
    kind: 'postgres',
    url,
    writers: ['backend'],
    compatibility,
    savepoint: { by: 'template', maxHold: '30s' },
    migrate: { directory: './versions/${version}/migrations', lockTimeout: '60s' },
    verify: [check('every item has a maker', `SELECT count(*) FROM items WHERE made_by = ''`)],
    seed: { directory: './versions/${version}/seeds' },
    verifySeed: [check('every item has a name', `SELECT count(*) FROM items WHERE name = ''`)],
  };
}

function backend({ application, origin, ports, ledger }: Setting): object {
  return {
    kind: 'process',
    root: './run/backend',
    source: './versions/${version}/backend',
    run: ['node', 'server.mjs'],
    env: { DATABASE_URL: `\${env:WORLD_APP}/${application}`, LEDGER: ledger, WHO: application },
    ports,
    health: { timeout: '30s', every: '40ms', version: '$.version' },
    switch: { file: './run/front/backend.json' },
    url: `${origin}/api`,
    stopWithin: '15s',
    drain: '50ms',
  };
}

function watching(origin: string, { everyMs, forMs }: { everyMs: number; forMs: number }): object {
  return {
    schedule: [{ every: `${everyMs}ms`, for: `${forMs}ms` }],
    probe: { url: `${origin}/api/probe`, every: '50ms', timeout: '2s', expect: { status: 200 } },
    criteria: { errors: { rollBack: '30 %' } },
    minimumSamples: 10,
    // Nobody measures while no worker runs; whether that is too long is another test's question.
    maxUnwatched: '95 %',
  };
}
