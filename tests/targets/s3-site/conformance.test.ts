import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { S3SiteSpec } from '../../../src/targets/s3-site/s3-site.schema.ts';
import type { S3SiteState } from '../../../src/targets/s3-site/saving.ts';
import { findMoto } from '../../support/aws/moto.ts';
import { type AwsWorld, startAws } from '../../support/aws/world.ts';
import {
  conformance,
  conformanceCases,
  failingCases,
  type MakeWorld,
  withoutRestore,
} from '../../support/conformance.ts';
import { isMissing } from '../../support/tools.ts';
import { openS3Site } from './world.ts';

const moto = findMoto();

describe.skipIf(isMissing(moto))('a site in a bucket', () => {
  let aws: AwsWorld;
  beforeAll(async () => {
    aws = await startAws();
    Object.assign(process.env, aws.environment);
  });
  afterAll(() => aws?.stop());

  type Make = MakeWorld<S3SiteSpec, S3SiteState, 'deploy' | 'invalidate'>;
  const behindCloudFront: Make = (first) => openS3Site(aws, { first, cdn: true });
  const alone: Make = (first) => openS3Site(aws, { first });
  conformance('s3-site behind CloudFront', behindCloudFront);
  conformance('s3-site alone', alone);

  it('would not pass with a restore that does nothing', async () => {
    expect(await failingCases(conformanceCases(withoutRestore(behindCloudFront)).slice(0, 1))).toContain(
      'brings back what users saw after a finished change',
    );
  }, 60_000);
});
