import type { RegisterScalableTargetCommandInput } from '@aws-sdk/client-application-auto-scaling';
import type {
  RegisterTaskDefinitionCommandInput,
  TagResourceCommandInput,
  UpdateServiceCommandInput,
} from '@aws-sdk/client-ecs';
import { asLowerTags, tagsOf } from '../../aws/owner.ts';
import type { AwsEcsSpec } from './aws-ecs.schema.ts';
import type { Content } from './content.ts';
import { scalableName } from './look.ts';
import type { Suspended } from './marks.ts';

/** Which version a revision runs, for a savepoint that is taken of it later. */
export const versionTag = 'savepoint:version';

type Owner = Parameters<typeof tagsOf>[0];
type Place = Pick<AwsEcsSpec, 'cluster' | 'service'>;

/** `inherited`: tags of the revision or the file that it is made from; those of AWS and of other releases are not passed on. */
export function registerRequest(
  content: Content,
  owner: Owner & { version: string | null },
  inherited: Readonly<Record<string, string>> = {},
): RegisterTaskDefinitionCommandInput {
  const kept = Object.entries(inherited).filter(([name]) => !/^(aws|savepoint):/i.test(name));
  const version = owner.version === null ? {} : { [versionTag]: owner.version };
  return { ...content, tags: asLowerTags({ ...Object.fromEntries(kept), ...tagsOf(owner), ...version }) };
}

/** `revision` null: keeps what runs. `desired` null: keeps how many. `again`: a new deployment of what is there already. */
export type Update = { revision: string | null; desired: number | null; again?: boolean };

export function updateRequest(
  { cluster, service }: Place,
  { revision, desired, again }: Update,
): UpdateServiceCommandInput {
  return {
    cluster,
    service,
    ...(revision === null ? {} : { taskDefinition: revision }),
    ...(desired === null ? {} : { desiredCount: desired }),
    ...(again === true ? { forceNewDeployment: true } : {}),
  };
}

export function tagRequest(resourceArn: string, tags: Readonly<Record<string, string>>): TagResourceCommandInput {
  return { resourceArn, tags: asLowerTags(tags) };
}

/** Limits, role and policies of the scaling stay as they are: only what is named is changed (API reference, RegisterScalableTarget). */
export function suspendRequest(place: Place, suspended: Suspended): RegisterScalableTargetCommandInput {
  return {
    ...scalableName(place),
    SuspendedState: {
      DynamicScalingInSuspended: suspended.in,
      DynamicScalingOutSuspended: suspended.out,
      ScheduledScalingSuspended: suspended.scheduled,
    },
  };
}
