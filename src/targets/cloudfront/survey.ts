import { clientsOf } from '../../aws/client.ts';
import { asking } from '../../aws/failures.ts';
import type { AwsPlace } from '../../aws/place.ts';
import { TargetFailure } from '../../release/failure.ts';
import type { Finding } from '../../release/target.ts';
import { mostWildcards } from './invalidation.schema.ts';

type Asked = { place: AwsPlace; distribution: string; signal: AbortSignal };

/** Can the distribution be emptied, going forward and going back? Changes nothing. */
export async function surveyDistribution(asked: Asked): Promise<Finding[]> {
  try {
    return [...(await stateOf(asked)), await inProgress(asked)];
  } catch (error) {
    if (!(error instanceof TargetFailure) || (error.kind !== 'not-found' && error.kind !== 'permission')) throw error;
    const remedy = error.details.remedy ?? 'name a distribution of this account';
    return [{ status: 'FAIL', what: error.message, remedy }];
  }
}

async function clients(place: AwsPlace) {
  const { CloudFrontClient } = await import('@aws-sdk/client-cloudfront');
  return clientsOf('cloudfront', place, (config) => new CloudFrontClient(config));
}

async function stateOf({ place, distribution, signal }: Asked): Promise<Finding[]> {
  const { GetDistributionCommand } = await import('@aws-sdk/client-cloudfront');
  const { Distribution: found } = await asking(`describing the distribution ${distribution}`, async () =>
    (await clients(place)).read.send(new GetDistributionCommand({ Id: distribution }), { abortSignal: signal }),
  );
  if (found?.DistributionConfig?.Enabled === false) {
    const remedy = 'enable it, or take it out of the plan';
    return [{ status: 'FAIL', what: `the distribution ${distribution} is disabled: nobody gets anything`, remedy }];
  }
  if (found?.Status === 'Deployed') {
    return [{ status: 'PASS', what: `the distribution ${distribution} is deployed and enabled` }];
  }
  const what = `the settings of the distribution ${distribution} are still being deployed (${found?.Status ?? 'no status'})`;
  return [{ status: 'WARN', what, remedy: 'wait until it is deployed: until then some users get the old settings' }];
}

/** Many that are in progress make the next one wait; reading them also shows that credentials suffice to look. */
async function inProgress({ place, distribution, signal }: Asked): Promise<Finding> {
  const { ListInvalidationsCommand } = await import('@aws-sdk/client-cloudfront');
  const command = new ListInvalidationsCommand({ DistributionId: distribution, MaxItems: 100 });
  const { InvalidationList: list } = await asking(`listing the invalidations of ${distribution}`, async () =>
    (await clients(place)).read.send(command, { abortSignal: signal }),
  );
  const running = (list?.Items ?? []).filter(({ Status }) => Status === 'InProgress').length;
  if (running < mostWildcards) return { status: 'PASS', what: `${running} invalidations are in progress` };
  const remedy = 'wait until they are completed, or the step waits for them';
  return { status: 'WARN', what: `${running} invalidations of ${distribution} are in progress already`, remedy };
}
