import type { Json } from '../../release/json.ts';
import type { Artefact, Kind, Step } from '../../release/target.ts';
import { invalidate } from '../cloudfront/invalidation.ts';
import { prepareInstall } from '../shell/install.ts';
import { refuseBroken } from '../site/pages.ts';
import { listSite, type S3SiteCall } from './bucket.ts';
import { confirm } from './confirm.ts';
import { currentOf } from './current.ts';
import { deploy, versionsFolder } from './deploying.ts';
import { checkNewest } from './fence.ts';
import { discard, kept } from './kept.ts';
import { awaitServed, fingerprintOf } from './proof.ts';
import { restore } from './restoring.ts';
import type { S3SiteSpec } from './s3-site.schema.ts';
import { type S3SiteState, save } from './saving.ts';
import { survey } from './survey.ts';

type S3SiteChange = 'deploy' | 'invalidate';

async function prepare(call: S3SiteCall, version: string): Promise<Step<Artefact>> {
  const { source, build, output, url } = call.spec;
  const base = url === null ? '/' : `${new URL(url).pathname.replace(/\/$/, '')}/`;
  return await prepareInstall(call, version, {
    folder: versionsFolder,
    source,
    build,
    output,
    also: null,
    inspect: (directory, tree) => refuseBroken(directory, tree, base),
  });
}

async function apply(call: S3SiteCall, change: S3SiteChange): Promise<Step<Json>> {
  if (change === 'deploy') return { state: 'done', value: await deploy(call) };
  const { invalidate: order, region, endpoint, profile } = call.spec;
  if (order === null) return { state: 'done', value: null };
  await checkNewest(call);
  const step = await invalidate(call, { place: { region, endpoint, profile }, ...order, reference: 'forward' });
  if (step.state !== 'done') return step;
  const current = await currentOf(call, await listSite(call));
  if (current !== null) await awaitServed(call, current);
  return step;
}

/** Static files in a versioned bucket, as a rule behind CloudFront. */
export const s3Site: Kind<S3SiteSpec, S3SiteState, S3SiteChange> = {
  survey,
  prepare,
  async save(call) {
    return { state: 'done', value: await save(call) };
  },
  apply,
  restore,
  confirm,
  kept,
  discard,
  async fingerprint(call) {
    call.signal.throwIfAborted();
    const listing = await listSite(call);
    return await fingerprintOf(call, listing, await currentOf(call, listing));
  },
};
