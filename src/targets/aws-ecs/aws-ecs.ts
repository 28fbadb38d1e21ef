import { TargetFailure } from '../../release/failure.ts';
import type { Kind } from '../../release/target.ts';
import type { AwsEcsSpec } from './aws-ecs.schema.ts';
import { confirm } from './confirm.ts';
import { deploy } from './deploy.ts';
import { hold, resume } from './holding.ts';
import { invalidateAfter } from './invalidating.ts';
import { discard, kept } from './kept.ts';
import { prepare } from './prepare.ts';
import { restore } from './restore.ts';
import { fingerprint, save } from './save.ts';
import type { EcsState } from './state.ts';
import { survey } from './survey.ts';

type EcsChange = 'deploy' | 'invalidate';

/** A service of Amazon ECS, changed by rolling deployments and proved by the image digests that its tasks report. */
export const awsEcs: Kind<AwsEcsSpec, EcsState, EcsChange> = {
  survey,
  prepare,
  save,
  restore,
  fingerprint,
  hold,
  resume,
  confirm,
  kept,
  discard,
  async apply(call, change, version) {
    switch (change) {
      case 'deploy':
        return deploy(call, version);
      case 'invalidate':
        return invalidateAfter(call);
      default:
        throw new TargetFailure('invalid-input', `a service cannot ${String(change)}`);
    }
  },
};
