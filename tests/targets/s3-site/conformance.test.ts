import { expect, it } from 'vitest';
import type { S3SiteSpec } from '../../../src/targets/s3-site/s3-site.schema.ts';
import type { S3SiteState } from '../../../src/targets/s3-site/saving.ts';
import { describeOnAws } from '../../support/aws/for-file.ts';
import {
  conformance,
  conformanceCases,
  failingCases,
  type MakeWorld,
  withoutRestore,
} from '../../support/conformance.ts';
import { openS3Site } from './world.ts';

describeOnAws('a site in a bucket', (aws) => {
  type Make = MakeWorld<S3SiteSpec, S3SiteState, 'deploy' | 'invalidate'>;
  const behindCloudFront: Make = (first) => openS3Site(aws(), { first, cdn: true });
  const alone: Make = (first) => openS3Site(aws(), { first });
  conformance('s3-site behind CloudFront', behindCloudFront);
  conformance('s3-site alone', alone);

  it('would not pass with a restore that does nothing', async () => {
    expect(await failingCases(conformanceCases(withoutRestore(behindCloudFront)).slice(0, 1))).toContain(
      'brings back what users saw after a finished change',
    );
  }, 60_000);
});
