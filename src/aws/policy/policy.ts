import type { CloudwatchLogsSpec } from '../../checks/cloudwatch/cloudwatch-logs.schema.ts';
import type { PlannedCheck } from '../../release/check.ts';
import type { Json } from '../../release/json.ts';
import type { Plan, PlannedTarget } from '../../release/plan.ts';
import type { AwsEcsSpec } from '../../targets/aws-ecs/aws-ecs.schema.ts';
import type { AwsRdsSpec } from '../../targets/aws-rds/aws-rds.schema.ts';
import type { CloudfrontSpec } from '../../targets/cloudfront/cloudfront.schema.ts';
import type { S3SiteSpec } from '../../targets/s3-site/s3-site.schema.ts';
import { cloudwatchStatements, logStatements } from './checks.ts';
import { invalidations } from './cloudfront.ts';
import { ecsStatements } from './ecs.ts';
import { discardStatements, rdsStatements } from './rds.ts';
import { type Referred, referenceStatements } from './references.ts';
import { s3Statements } from './s3.ts';
import {
  type Condition,
  type Ground,
  known,
  type Need,
  type Part,
  partitionOf,
  type Statement,
  sidOf,
} from './statement.ts';
import type { DefinitionFacts } from './task-definition.ts';

/**
 * What is known besides the plan. `account`, `region`: where the plan does not say; null matches any.
 * `definitions`: of the files for register-task-definition, by target. `discard`: for people who also tidy up.
 */
export type Surroundings = {
  account: string | null;
  region: string | null;
  definitions: ReadonlyMap<string, DefinitionFacts>;
  referred: Referred;
  discard: boolean;
};

/** Everything that the worker's role needs for this plan, in the order of the plan; nothing where it has no part in AWS. */
export function statementsFor(plan: Plan, surroundings: Surroundings): Statement[] {
  const checks = checksOf(plan);
  const logs = checks.filter(({ kind }) => kind === 'cloudwatch-logs');
  const needs = [
    ...plan.targets.flatMap((target) => targetStatements(plan, target, surroundings)),
    ...cloudwatchStatements(new Set(checks.map(({ kind }) => kind))),
    ...logStatements(logs.map(({ spec }) => partOf<CloudwatchLogsSpec>('Checks', spec, surroundings))),
    ...referenceStatements(surroundings.referred, groundOf(null, surroundings)),
  ];
  return named(withoutRepeats(together(needs)));
}

function targetStatements(plan: Plan, target: PlannedTarget, surroundings: Surroundings): Need[] {
  const { name, kind, spec } = target;
  const { application, environment } = plan;
  switch (kind) {
    case 'aws-ecs': {
      const definition = surroundings.definitions.get(name) ?? null;
      return ecsStatements({ ...partOf<AwsEcsSpec>(name, spec, surroundings), definition });
    }
    case 'aws-rds': {
      const part = { ...partOf<AwsRdsSpec>(name, spec, surroundings), application, environment };
      return [...rdsStatements(part), ...(surroundings.discard ? discardStatements(part) : [])];
    }
    case 's3-site':
      return s3Statements(partOf<S3SiteSpec>(name, spec, surroundings));
    case 'cloudfront': {
      const part = partOf<CloudfrontSpec>(name, spec, surroundings);
      return invalidations(part, part.spec.distribution);
    }
    default:
      return [];
  }
}

/** The spec was accepted by the schema of its kind when the plan was loaded; to everybody else it is opaque. */
function partOf<Spec>(name: string, spec: Json, surroundings: Surroundings): Part<Spec> {
  return { name, spec: spec as unknown as Spec, ground: groundOf(spec, surroundings) };
}

function groundOf(spec: Json, { account, region }: Surroundings): Ground {
  const written: unknown = Reflect.get(Object(spec), 'region');
  const there = known(typeof written === 'string' ? written : (region ?? '*'));
  return { partition: partitionOf(there), region: there, account: account ?? '*' };
}

/** Every check that the plan asks at any time. */
function checksOf({ steps, afterRollback, watch }: Plan): PlannedCheck[] {
  const ofWatch = [...(watch?.checks ?? []), ...(watch?.throughout?.checks ?? [])];
  return [...steps.flatMap(({ checks }) => checks), ...afterRollback, ...ofWatch];
}

/** What several parts need alike is said once, so that the policy stays short; so is what AWS knows no resource for. */
function together(needs: readonly Need[]): Need[] {
  const isForAll = ({ resources, condition }: Need): boolean => resources[0] === '*' && condition === undefined;
  const merged = new Map<string, Need>();
  for (const need of needs) {
    const forAll = isForAll(need);
    const key = forAll ? '' : JSON.stringify([need.purpose, need.actions, need.condition]);
    const own = forAll ? { ...need, of: [], purpose: 'WithoutResource' } : need;
    const before = merged.get(key);
    // What has no resource comes last, whoever needs it first.
    if (forAll) merged.delete(key);
    merged.set(key, before === undefined ? own : both(before, own));
  }
  return [...merged.values()];
}

function both(one: Need, other: Need): Need {
  return {
    ...one,
    of: unique([...one.of, ...other.of]),
    actions: unique([...one.actions, ...other.actions]),
    resources: unique([...one.resources, ...other.resources]),
    why: unique([one.why, other.why]).join('; '),
  };
}

/** What an earlier statement allows already is left out, and a statement of which nothing is left. */
function withoutRepeats(needs: readonly Need[]): Need[] {
  const kept: Need[] = [];
  for (const need of needs) {
    const isAllowed = (resource: string): boolean => kept.some((before) => allows(before, need, resource));
    const resources = need.resources.filter((resource) => !isAllowed(resource));
    if (resources.length > 0) kept.push({ ...need, resources });
  }
  return kept;
}

function allows(one: Need, { actions, condition }: Need, resource: string): boolean {
  const same = JSON.stringify(one.condition) === JSON.stringify(condition);
  return same && one.resources.includes(resource) && actions.every((action) => one.actions.includes(action));
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)];
}

/** Names of parts may differ only in what a Sid cannot hold. */
function named(needs: readonly Need[]): Statement[] {
  const taken = new Map<string, number>();
  return needs.map(({ of, purpose, ...rest }) => {
    const sid = sidOf(...of, purpose);
    const count = (taken.get(sid) ?? 0) + 1;
    taken.set(sid, count);
    return { sid: count === 1 ? sid : `${sid}${count}`, ...rest };
  });
}

type PolicyLine = {
  Sid: string;
  Effect: 'Allow';
  Action: string | string[];
  Resource: string | string[];
  Condition?: Condition;
};

/** As IAM takes it; the same plan always gives the same text. */
export type PolicyDocument = {
  Version: '2012-10-17';
  Statement: PolicyLine[];
};

export function documentOf(statements: readonly Statement[]): PolicyDocument {
  return {
    Version: '2012-10-17',
    Statement: statements.map(({ sid, actions, resources, condition }) => ({
      Sid: sid,
      Effect: 'Allow',
      Action: short(actions),
      Resource: short(resources),
      ...(condition === undefined ? {} : { Condition: condition }),
    })),
  };
}

/** IAM takes one text as well as a list. */
function short(texts: readonly string[]): string | string[] {
  const sorted = unique(texts).sort();
  const [only, ...others] = sorted;
  return only !== undefined && others.length === 0 ? only : sorted;
}

/** Characters that count, and the limit of one managed policy (IAM guide, "IAM and AWS STS quotas"). */
export const longestPolicy = 6_144;

export function policyLength(document: PolicyDocument): number {
  return JSON.stringify(document).replace(/\s/g, '').length;
}
