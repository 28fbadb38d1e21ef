import { describe, expect, it } from 'vitest';
import { load, loaded, said, shopWith } from './plans.ts';

const suite = (text: string): string => shopWith(['targets:\n', `${text}targets:\n`]);

const good = `checks:
  configuration:
    - { name: variables, kind: command, run: [./variables] }
  database:
    needs: [configuration]
    parallel: true
    at: [preflight, smoke]
    marks: [{ table: users, column: email, like: smoke-% }]
    cleanup: [{ name: remove rows, kind: command, run: [./remove] }]
    checks:
      - { name: migrations, kind: command, run: [./migrations] }
      - { name: coverage, kind: command, run: [./coverage], needs: [migrations], repeatable: true, critical: false }
  reports:
    attest: [deployment-lead]
    at: [watch, monitoring]
    checks: [{ name: cache, kind: command, run: [./cache] }]
`;

describe('SB-01 groups of checks in a plan', () => {
  it('become one list with what each check needs, may do and leaves behind', async () => {
    const { suite: planned } = await loaded(suite(good));
    expect(
      planned.map(({ name, group, needs, parallel, cleansUp, attestBy }) => ({
        name,
        group,
        needs,
        parallel,
        cleansUp,
        attestBy,
      })),
    ).toEqual([
      { name: 'variables', group: 'configuration', attestBy: ['product-owner'] },
      { name: 'migrations', group: 'database', needs: ['variables'], parallel: true, attestBy: ['product-owner'] },
      {
        name: 'coverage',
        group: 'database',
        needs: ['migrations', 'variables'],
        parallel: true,
        attestBy: ['product-owner'],
      },
      { name: 'remove rows', group: 'database', cleansUp: true },
      { name: 'cache', group: 'reports', attestBy: ['deployment-lead'] },
    ]);
  });

  it('are asked by a release at the points that they name, after the list that stands there', async () => {
    const { plan } = await loaded(suite(good));
    const asked = (id: string) => plan.steps.find((step) => step.id === id)?.checks.map(({ name }) => name);
    expect(asked('preflight')).toEqual(['shop answers', 'migrations', 'coverage', 'remove rows']);
    expect(asked('preflight again')).toEqual(asked('preflight'));
    expect(asked('smoke')).toEqual(['list products', 'migrations', 'coverage', 'remove rows']);
    expect(asked('monitoring')).toEqual(['cache']);
    expect(plan.watch?.checks.map(({ name }) => name)).toEqual(['cache']);
    expect(plan.afterRollback.map(({ name }) => name)).toEqual(['list products', 'coverage', 'remove rows']);
  });

  it('wait only for what is asked at the same point', async () => {
    const { plan } = await loaded(suite(good));
    const checks = plan.steps.find(({ id }) => id === 'smoke')?.checks ?? [];
    expect(checks.find(({ name }) => name === 'migrations')?.needs).toBeUndefined();
    expect(checks.find(({ name }) => name === 'coverage')?.needs).toEqual(['migrations']);
  });

  it('name rows that do not count in a loss', async () => {
    const { plan } = await loaded(suite(good));
    expect(plan.rollback.marks).toEqual([{ table: 'users', column: 'email', like: 'smoke-%' }]);
  });

  it('change the digest that people approve', async () => {
    const before = await loaded(suite(good));
    const after = await loaded(suite(good.replace('[./migrations]', '[./other]')));
    expect(after.digest).not.toBe(before.digest);
  });

  it('leave a plan without them as it was', async () => {
    const { plan, suite: none } = await loaded(shopWith());
    expect(none).toEqual([]);
    expect(
      plan.steps.flatMap(({ checks }) => checks).every((check) => !('group' in check) && !('needs' in check)),
    ).toBe(true);
  });
});

describe('mistakes in groups are told with their place', () => {
  it.each([
    [
      'an unknown group',
      ['needs: [configuration]', 'needs: [configuraton]'],
      'release.yaml:15:13: checks.database.needs[0]: no group is called configuraton; did you mean "configuration"?',
    ],
    [
      'a group that needs itself',
      ['needs: [configuration]', 'needs: [database]'],
      'checks.database.needs[0]: database cannot need itself',
    ],
    [
      'an unknown check',
      ['needs: [migrations]', 'needs: [migration]'],
      'no check here is called "migration"; did you mean "migrations"?',
    ],
    [
      'checks that wait for each other',
      ['run: [./variables]', 'run: [./variables], needs: [coverage]'],
      '"variables" waits for itself: what it needs needs it',
    ],
    ['a name in two groups', ['name: cache', 'name: migrations'], '"migrations" is a check of database too'],
    [
      'a name that its point has too',
      ['name: migrations', 'name: list products'],
      '"list products" is a check of smoke too',
    ],
    [
      'a person nobody knows',
      ['attest: [deployment-lead]', 'attest: [deploymentlead]'],
      'nobody in people is called deploymentlead',
    ],
    ['marks that match every row', ['like: smoke-%', 'like: "%"'], 'checks.database.marks[0].like: matches every row'],
    [
      'an unknown point',
      ['at: [preflight, smoke]', 'at: [preflight, smok]'],
      'checks.database.at[1]: must be one of preflight, smoke, monitoring, watch',
    ],
    [
      'an empty group',
      ['checks: [{ name: cache, kind: command, run: [./cache] }]', 'checks: []'],
      'must hold at least one check',
    ],
  ] as const)('%s', async (_, [piece, by], message) => {
    expect(good).toContain(piece);
    const told = said(await load(suite(good.replace(piece, by))));
    expect(told.join('\n')).toContain(message);
  });

  it('a group that is watched in a plan without a watch', async () => {
    const content = suite(good).replace(/watch:\n[\s\S]*$/, '');
    expect(said(await load(content)).join('\n')).toContain('checks.reports.at[0]: the plan has no watch');
  });
});
