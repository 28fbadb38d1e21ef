import { ECSClient } from '@aws-sdk/client-ecs';
import { beforeAll } from 'vitest';
import { awsForFile, whyNoAws } from '../support/aws/for-file.ts';
import { openSight, type Sight } from '../support/aws/looking.ts';
import type { AwsWorld } from '../support/aws/world.ts';

/** An AWS, a look past its proxy, and a client through it. */
export type EcsOfFile = { readonly world: AwsWorld; readonly sight: Sight; readonly ecs: ECSClient };

/** What all tests of a file about ECS share; ask for it inside a test. */
export function ecsForFile(): EcsOfFile {
  const aws = awsForFile();
  let made: { sight: Sight; ecs: ECSClient } | undefined;
  beforeAll(() => {
    if (whyNoAws() !== null) return;
    made = { sight: openSight(aws().direct), ecs: new ECSClient(aws().config) };
  });
  const there = (): { sight: Sight; ecs: ECSClient } => {
    if (made === undefined) throw new Error('the AWS of a file starts in beforeAll');
    return made;
  };
  return {
    get world() {
      return aws();
    },
    get sight() {
      return there().sight;
    },
    get ecs() {
      return there().ecs;
    },
  };
}
