import { describe, expect, it } from 'vitest';
import { load, loaded, said, shopWith } from './plans.ts';

const startLine = '{ name: start line, kind: cloudwatch-logs, group: /ecs/shop, start: Server started }';

function withLogs(logs: string): string {
  return shopWith(['    ports: [4001, 4002]\n', `    ports: [4001, 4002]\n    logs: ${logs}\n`]);
}

describe('FR-07 the logs of a target', () => {
  it('are read after its deployment, and a failure goes back as one of the deployment', async () => {
    const { plan } = await loaded(withLogs(`[${startLine}]`));
    const names = plan.steps.map(({ id, point }) => `${point} ${id}`);
    expect(names.slice(names.indexOf('2 deploy backend'))).toEqual(['2 deploy backend', '2 logs backend', '2 smoke']);
    const step = plan.steps.find(({ id }) => id === 'logs backend');
    expect(step).toMatchObject({ activity: 'logs', phase: 'change', target: 'backend', change: null });
    expect(step?.checks).toMatchObject([
      { name: 'start line', critical: true, spec: { group: '/ecs/shop', start: ['Server started'], since: 900_000 } },
    ]);
  });

  it('are read before the checks of verify', async () => {
    const content = withLogs(`[${startLine}]\n    verify: [{ name: up, kind: http, url: "http://127.0.0.1/" }]`);
    const { plan } = await loaded(content);
    const ids = plan.steps.map(({ id }) => id);
    expect(ids.indexOf('logs backend')).toBe(ids.indexOf('verify backend') - 1);
  });

  it('can be tried again before a failure counts', async () => {
    const content = withLogs(`[${startLine}]\n    onFailure: { logs: [{ retry: 2, every: 10s }] }`);
    const { plan } = await loaded(content);
    expect(plan.steps.find(({ id }) => id === 'logs backend')?.onFailure).toEqual([
      { do: 'retry', times: 2, everyMs: 10_000 },
    ]);
  });

  it('are still the mapping of a kind that reads logs by itself', async () => {
    const { plan } = await loaded(withLogs('{ errors: ERROR }'));
    expect(plan.steps.some(({ activity }) => activity === 'logs')).toBe(false);
    expect(plan.targets[1]?.spec).toMatchObject({ logs: { errors: 'ERROR', within: 2000 } });
    const listed = await loaded(withLogs(`[${startLine}]`));
    expect(listed.plan.targets[1]?.spec).toMatchObject({ logs: null });
    const without = await loaded(shopWith());
    expect(without.plan.targets[1]?.spec).toMatchObject({ logs: null });
  });

  it.each([
    [withLogs('{ erors: ERROR }'), /targets\.backend\.logs\.erors: /],
    [withLogs('[{ name: start line, kind: cloudwatch-logs, grup: /ecs/shop, start: up }]'), /logs\[0\]\.grup: /],
    [withLogs(`[${startLine}, ${startLine}]`), /logs\[1\]\.name: another check here is called "start line"/],
    [
      shopWith(['    writers: [backend]\n', `    writers: [backend]\n    logs: [${startLine}]\n`]),
      /targets\.database\.logs: database has no deployment after which its logs could be read; use verify/,
    ],
  ])('say where they are wrong (%#)', async (content, problem) => {
    expect(said(await load(content)).join('\n')).toMatch(problem);
  });
});

describe('Checks throughout the watch', () => {
  const throughout = (written: string): string =>
    shopWith(['  schedule: [{', `  throughout: ${written}\n  schedule: [{`]);
  const alarms = '{ name: alarms, kind: cloudwatch-alarms, prefix: shop- }';

  it('are asked every minute where nothing else is said', async () => {
    const { plan } = await loaded(throughout(`{ checks: [${alarms}] }`));
    expect(plan.watch?.throughout).toMatchObject({ everyMs: 60_000, checks: [{ name: 'alarms', critical: true }] });
    const without = await loaded(shopWith());
    expect(without.plan.watch).not.toHaveProperty('throughout');
  });

  it('are enough to watch', async () => {
    const content = throughout(`{ checks: [${alarms}] }`)
      .replace('  probe: { url: "http://127.0.0.1:8080/products", every: 1s }\n', '')
      .replace('  criteria: { errors: { rollBack: 10 %, consult: 5 % } }\n', '');
    const { plan } = await loaded(content);
    expect(plan.watch).toMatchObject({ probe: null, checks: [] });
  });

  it('are asked in the preflight too where they watch the running system', async () => {
    const metric = '{ name: cpu, kind: cloudwatch-metric, namespace: A, metric: B, fails: { above: 1 } }';
    const asks =
      '{ name: slow, kind: cloudwatch-metric, namespace: A, metric: C, fails: { above: 1 }, critical: false }';
    const query = '{ name: query, kind: prometheus, url: "http://127.0.0.1:9090", query: up, fails: { below: 1 } }';
    const page = '{ name: page, kind: http, url: "http://127.0.0.1/" }';
    const content = throughout(`{ checks: [${alarms}, ${metric}, ${asks}, ${query}, ${page}] }`);
    const preflightOf = async (text: string): Promise<unknown[]> => {
      const { plan } = await loaded(text);
      const steps = plan.steps.filter(({ activity }) => activity === 'preflight');
      expect(steps[1]?.checks).toEqual(steps[0]?.checks);
      return (steps[0]?.checks ?? []).map(({ name, spec }) => [name, Reflect.get(Object(spec), 'withoutData')]);
    };
    const own = ['shop answers', undefined];
    const watched = ['query', undefined];
    expect(await preflightOf(content)).toEqual([own, ['alarms', 'fail'], ['cpu', undefined], watched]);
    // The same alarms are not asked twice, and others of the same name are told apart.
    const same = content.replace('preflight:\n', `preflight:\n  - ${alarms}\n`);
    expect(await preflightOf(same)).toEqual([['alarms', 'fail'], own, ['cpu', undefined], watched]);
    const other = content.replace('preflight:\n', `preflight:\n  - ${alarms.replace('shop-', 'site-')}\n`);
    expect((await preflightOf(other)).slice(0, 3)).toEqual([['alarms', 'fail'], own, ['alarms (watch)', 'fail']]);
  });

  it.each([
    ['{ checks: [] }', /throughout\.checks: must hold at least one check/],
    [`{ every: 30m, checks: [${alarms}] }`, /throughout\.every: is asked less often than the watch reports/],
    [`{ checks: [${alarms}, ${alarms}] }`, /checks\[1\]\.name: another check here is called "alarms"/],
  ])('%s is refused', async (written, problem) => {
    expect(said(await load(throughout(written))).join('\n')).toMatch(problem);
  });
});

describe('An alarm without data', () => {
  const alarms = '{ name: alarms, kind: cloudwatch-alarms, prefix: shop- }';
  const specsOf = async (content: string): Promise<[string, unknown][]> => {
    const { plan } = await loaded(content);
    return plan.steps.flatMap(({ id, checks }) =>
      checks.filter(({ name }) => name === 'alarms').map(({ spec }): [string, unknown] => [id, spec]),
    );
  };

  it('fails the preflight, and is unknown later', async () => {
    const content = shopWith(
      ['preflight:\n', `preflight:\n  - ${alarms}\n`],
      ['smoke:\n', `monitoring: [${alarms}]\nsmoke:\n`],
    );
    const specs = await specsOf(content);
    expect(specs.map(([id]) => id)).toEqual(['preflight', 'preflight again', 'monitoring']);
    expect(specs.map(([, spec]) => Reflect.get(Object(spec), 'withoutData'))).toEqual(['fail', 'fail', undefined]);
  });

  it('is what the plan says, also in the preflight', async () => {
    const said = alarms.replace(' }', ', withoutData: pass }');
    const [first] = await specsOf(shopWith(['preflight:\n', `preflight:\n  - ${said}\n`]));
    expect(first?.[1]).toMatchObject({ withoutData: 'pass' });
  });
});

describe('Checks of CloudWatch that cannot be asked', () => {
  it.each([
    [
      'kind: cloudwatch-metric, namespace: AWS/RDS, metric: CPUUtilization',
      /fails: is missing \(must be given, or warns\)/,
    ],
    [
      'kind: cloudwatch-metric, namespace: AWS/RDS, metric: CPUUtilization, fails: { above: 1, below: 0 }',
      /fails: must hold one of above, atLeast, below, atMost/,
    ],
    [
      'kind: cloudwatch-metric, namespace: AWS/RDS, metric: CPUUtilization, period: 45s, fails: { above: 1 }',
      /period: must be 10s, 20s, 30s or whole minutes/,
    ],
    [
      'kind: cloudwatch-metric, namespace: AWS/RDS, metric: CPUUtilization, statistic: Mean, fails: { above: 1 }',
      /statistic: must be Average, Sum, Minimum, Maximum, SampleCount, or a percentile such as p95/,
    ],
    ['kind: cloudwatch-logs, group: /ecs/shop', /is looked at for nothing: add start, errors, arriving or retention/],
    [
      'kind: cloudwatch-logs, group: /ecs/shop, errors: ERROR, since: deployment',
      /service: is missing \(must be the service that since: deployment means\)/,
    ],
    ['kind: cloudwatch-logs, group: /ecs/shop, retention: 36h', /retention: must be whole days such as 30d/],
    ['kind: cloudwatch-alarms, alarms: { a: { fires: {} } }', /fires: must say when it fires/],
    ['kind: cloudwatch-alarms, alarms: { a: { fires: { above: 1, atMost: 2 } } }', /must hold only one of above/],
  ])('%s', async (check, problem) => {
    const content = shopWith(['preflight:\n', `preflight:\n  - { name: aws, ${check} }\n`]);
    expect(said(await load(content)).join('\n')).toMatch(problem);
  });
});
