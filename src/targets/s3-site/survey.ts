import { asking, isNamed, translated } from '../../aws/failures.ts';
import { TargetFailure } from '../../release/failure.ts';
import type { Finding, Survey } from '../../release/target.ts';
import { surveyDistribution } from '../cloudfront/survey.ts';
import { writable } from '../shell/disk.ts';
import { pathFrom } from '../shell/files.ts';
import { isPage } from '../site/pages.ts';
import { factsOf, type Listing, listSite, onEach, type S3SiteCall, s3 } from './bucket.ts';
import { type Current, currentOf } from './current.ts';
import { objectsOf, servedNow } from './proof.ts';

/** A release is watched for two days; what it covered must outlast that. */
const leastDays = 3;

export async function survey(call: S3SiteCall): Promise<Survey> {
  call.signal.throwIfAborted();
  const findings: Finding[] = [await writable(pathFrom(call.home, call.spec.root))];
  const { invalidate: order, region, endpoint, profile } = call.spec;
  let running: string | null = null;
  try {
    const kept = await versioning(call);
    findings.push(kept, ...(await lifecycle(call)));
    if (kept.status === 'PASS') {
      const listing = await listSite(call);
      const current = await currentOf(call, listing);
      const objects = await objectsOf(call, listing, current);
      running = objects === 'absent' ? null : objects;
      if (current !== null) {
        findings.push(
          ...(await accessLists(call, listing, current)),
          ...(await previousVersion(call, listing, current)),
        );
      }
    }
  } catch (error) {
    findings.push(asFinding(error));
  }
  if (order !== null) {
    const asked = { place: { region, endpoint, profile }, distribution: order.distribution, signal: call.signal };
    findings.push(...(await surveyDistribution(asked)));
  }
  return { findings, running };
}

/** What only somebody else can mend is a finding; what may pass is tried again. */
function asFinding(error: unknown): Finding {
  if (!(error instanceof TargetFailure) || (error.kind !== 'not-found' && error.kind !== 'permission')) throw error;
  return { status: 'FAIL', what: error.message, remedy: error.details.remedy ?? 'name a bucket of this account' };
}

async function versioning(call: S3SiteCall): Promise<Finding> {
  const { GetBucketVersioningCommand } = await import('@aws-sdk/client-s3');
  const { bucket } = call.spec;
  const { Status } = await asking(`asking for the versioning of ${bucket}`, async () => {
    const command = new GetBucketVersioningCommand({ Bucket: bucket });
    return (await s3(call)).read.send(command, { abortSignal: call.signal });
  });
  if (Status === 'Enabled') return { status: 'PASS', what: `${bucket} keeps every version of its objects` };
  const remedy = `aws s3api put-bucket-versioning --bucket ${bucket} --versioning-configuration Status=Enabled`;
  return { status: 'FAIL', what: `${bucket} keeps no old versions, so nothing could be brought back`, remedy };
}

/** Rules that would remove what a restore needs (S3 user guide, "lifecycle configuration elements"). */
async function lifecycle(call: S3SiteCall): Promise<Finding[]> {
  const rules = (await lifecycleRules(call)).filter(({ Status }) => Status === 'Enabled');
  const concerned = rules.filter(({ Filter, Prefix }) => overlaps(Filter?.Prefix ?? Prefix ?? '', call.spec));
  return concerned.flatMap(({ ID, NoncurrentVersionExpiration, Expiration }): Finding[] => {
    const name = ID ?? 'without a name';
    const days = NoncurrentVersionExpiration?.NoncurrentDays;
    if (days !== undefined && days < leastDays) {
      const what = `the lifecycle rule ${name} removes old versions after ${days} days, while they may still be needed`;
      return [{ status: 'FAIL', what, remedy: `let it keep them for at least ${leastDays} days, better 30` }];
    }
    if (Expiration?.Days === undefined) return [];
    const what = `the lifecycle rule ${name} removes what users get after ${Expiration.Days} days`;
    return [{ status: 'WARN', what, remedy: 'let it remove old versions only' }];
  });
}

const everybody = 'http://acs.amazonaws.com/groups/global/AllUsers';

/** What is written or copied has no access list of its own (S3 API reference, CopyObject), so nobody would get it. */
async function accessLists(call: S3SiteCall, listing: Listing, current: Current): Promise<Finding[]> {
  const page = Object.keys(current.files).find((path) => isPage(path) && listing.visible.has(path));
  if (page === undefined) return [];
  const { GetObjectAclCommand } = await import('@aws-sdk/client-s3');
  const { bucket, prefix } = call.spec;
  const { Grants } = await asking(`asking who gets ${bucket}/${prefix}${page}`, async () => {
    const command = new GetObjectAclCommand({ Bucket: bucket, Key: prefix + page });
    return (await s3(call)).read.send(command, { abortSignal: call.signal });
  });
  if (Grants?.every(({ Grantee }) => Grantee?.URI !== everybody) !== false) return [];
  const remedy = 'let users in by a bucket policy or through CloudFront, and disable access lists';
  return [{ status: 'FAIL', what: `users get ${page} by its own access list, which a release would lose`, remedy }];
}

async function lifecycleRules(call: S3SiteCall) {
  const { GetBucketLifecycleConfigurationCommand } = await import('@aws-sdk/client-s3');
  const { bucket } = call.spec;
  try {
    const command = new GetBucketLifecycleConfigurationCommand({ Bucket: bucket });
    return (await (await s3(call)).read.send(command, { abortSignal: call.signal })).Rules ?? [];
  } catch (error) {
    if (isNamed(error, 'NoSuchLifecycleConfiguration')) return [];
    throw translated(`asking for the lifecycle rules of ${bucket}`, error);
  }
}

function overlaps(rule: string, { prefix, keep }: S3SiteCall['spec']): boolean {
  return [prefix, keep].some((own) => own.startsWith(rule) || rule.startsWith(own));
}

async function previousVersion(call: S3SiteCall, listing: Listing, current: Current): Promise<Finding[]> {
  const name = current.version ?? 'what is served';
  const changed: string[] = [];
  await onEach(Object.entries(current.files), async ([path, sha256]) => {
    const found = listing.visible.get(path);
    if (found === undefined || (await factsOf(call, path, found.version)).sha256 !== sha256) changed.push(path);
  });
  if (changed.length > 0) {
    const what = `${changed.length} objects of ${name} were changed by somebody else, e.g. ${changed.toSorted()[0]}`;
    return [{ status: 'WARN', what, remedy: 'a rollback brings back what is there when the release begins' }];
  }
  if (call.spec.url === null) return [{ status: 'WARN', what: 'without `url` nobody proves what users get' }];
  const { wrong, files } = await servedNow(call, call.spec.url, current);
  if (wrong.length === 0) return [{ status: 'PASS', what: `users get the ${files} files of ${name}` }];
  const what = `users do not get ${name}: ${wrong.slice(0, 3).join('; ')}`;
  return [
    { status: 'WARN', what, remedy: 'check `url` and what is in front of the bucket; a restore could not be proved' },
  ];
}
