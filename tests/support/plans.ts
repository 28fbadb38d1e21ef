/** The smallest complete plan over `memory` targets; `world` keeps tests apart. */
export type MemoryPlan = {
  application: string;
  database?: object;
  backend?: object;
  frontend?: object;
  more?: object;
};

export function memoryPlan({ application, database = {}, backend = {}, frontend = {}, more = {} }: MemoryPlan): object {
  return {
    application,
    environment: 'test',
    people: {
      'product-owner': { name: 'Product owner' },
      'deployment-lead': { name: 'Deployment lead' },
      'engineering-lead': { name: 'Engineering lead' },
    },
    gates: { 'go-no-go': { deciders: ['product-owner'], needs: 1, notRequester: true, deadline: '1h' } },
    questions: { deciders: ['deployment-lead', 'engineering-lead'], deadline: '30m' },
    targets: {
      database: {
        kind: 'memory-database',
        world: `${application}-database`,
        initial: 'v1',
        writers: ['backend'],
        compatibility: 'backward',
        ...database,
      },
      backend: { kind: 'memory', world: `${application}-backend`, initial: 'v1', ...backend },
      frontend: { kind: 'memory', world: `${application}-frontend`, initial: 'v1', ...frontend },
    },
    ...more,
  };
}

/** Worlds that a plan of `memoryPlan` uses, in plan order. */
export function worldsOf(application: string): { database: string; backend: string; frontend: string } {
  return {
    database: `${application}-database`,
    backend: `${application}-backend`,
    frontend: `${application}-frontend`,
  };
}
