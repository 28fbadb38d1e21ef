import type { Finding, Survey } from '../../release/target.ts';
import { contentOf } from './content.ts';
import { baseOf, chooseContainer } from './definition.ts';
import { streamOf } from './evidence.ts';
import { shortDigest } from './images.ts';
import { type EcsCall, lookAtService, type Scene } from './look.ts';
import { heldIn, revisionName } from './marks.ts';
import { askServed } from './served.ts';
import { type Sight, see, stateOf } from './state.ts';
import { capacityFindings, deploymentFindings } from './survey-deployment.ts';
import { imageFindings, repositoryFindings } from './survey-images.ts';
import { rightsFindings } from './survey-rights.ts';

/** Looks only. What the looks need is also what the release needs to read; writes are tried by nobody. */
export async function survey(call: EcsCall): Promise<Survey> {
  call.signal.throwIfAborted();
  const { cluster, service } = call.spec;
  const scene = await lookAtService(call);
  if (scene === null) {
    const what = `there is no active service ${service} in the cluster ${cluster}`;
    const remedy = 'create it first, with a desired count of 0 if nothing may run yet';
    return { findings: [{ status: 'FAIL', what, remedy }], running: null };
  }
  const sight = await see(call, scene, heldIn(scene.tags));
  const state = stateOf(sight);
  const findings = [
    ...markFindings(scene),
    ...(await deploymentFindings(call, scene)),
    ...(await capacityFindings(call, sight)),
    ...runningFindings(sight, state.desired),
    ...(await definitionFindings(call, sight)),
    ...(await repositoryFindings(call)),
    ...(await rightsFindings(call, sight)),
    ...(state.desired === 0 ? [] : await imageFindings(call, sight)),
    ...(state.desired === 0 || sight.held !== null ? [] : await servedFindings(call)),
  ];
  return { findings, running: state.desired === 0 ? null : identity(sight) };
}

/** The revision and the bytes: somebody who moves a tag and starts the tasks anew changes what runs, too. */
function identity({ revision, images }: Sight): string {
  const digests = Object.entries(images).map(([name, digest]) => `${name} ${shortDigest(digest)}`);
  return [revisionName(revision.arn), ...digests.sort()].join(', ');
}

/** Fences and intents are tags; a service under an ARN of the old format cannot have any (ECS guide, ARNs and IDs). */
function markFindings({ arn, tags }: Scene): Finding[] {
  const findings: Finding[] = [];
  if (arn.split(':service/')[1]?.includes('/') !== true) {
    const remedy = 'opt in to long ARNs (aws ecs put-account-setting --name serviceLongArnFormat) and create it again';
    findings.push({ status: 'FAIL', what: 'the service has an ARN of the old format, which takes no tags', remedy });
  }
  const held = heldIn(tags);
  if (held !== null) {
    const what = `it is held since ${new Date(held.sinceMs).toISOString()} with ${held.desired} tasks to put back`;
    findings.push({ status: 'WARN', what, remedy: 'a deployment or a restore of this release starts it again' });
  }
  return findings;
}

function runningFindings({ scene, tasks, held, mixed }: Sight, desired: number): Finding[] {
  if (desired === 0) return [{ status: 'PASS', what: 'nothing runs; going back means that again' }];
  if (held !== null) return [];
  if (mixed.length > 0) {
    const what = `${tasks.length} tasks do not report one image digest for ${mixed.join(', ')}`;
    const remedy = 'let the service become stable on one image first: aws ecs update-service --force-new-deployment';
    return [{ status: 'FAIL', what, remedy }];
  }
  const { runningCount = 0 } = scene.service;
  if (runningCount < desired) {
    const what = `${runningCount} of ${desired} tasks run`;
    return [{ status: 'WARN', what, remedy: 'look at the events of the service before a release adds to it' }];
  }
  return [{ status: 'PASS', what: `${runningCount} of ${desired} tasks run, all on the same image` }];
}

async function definitionFindings(call: EcsCall, { scene, revision }: Sight): Promise<Finding[]> {
  const base = await baseOf(call, scene, 'version');
  const container = chooseContainer(base.content, call.spec.container);
  const findings: Finding[] = [];
  if (revision.definition.status === 'ACTIVE') {
    findings.push({ status: 'PASS', what: `${revisionName(revision.arn)} can be used again` });
  } else {
    const what = `${revisionName(revision.arn)} is deregistered: going back registers a copy of it`;
    findings.push({ status: 'WARN', what });
  }
  const running = contentOf(revision.definition);
  if (base.content.family !== running.family) {
    const what = `the service goes from the family ${running.family} to ${base.content.family}`;
    findings.push({ status: 'WARN', what, remedy: 'check that `taskDefinition` is the right file' });
  }
  if (call.spec.logs !== null && streamOf(container, {}) === null) {
    const what = `the container ${container.name} does not log to CloudWatch by awslogs with a stream prefix`;
    findings.push({ status: 'FAIL', what, remedy: 'give it such a logConfiguration, or remove `logs`' });
  }
  return findings;
}

async function servedFindings(call: EcsCall): Promise<Finding[]> {
  const served = await askServed(call);
  if (served === null || served.good) return [];
  const what = `users do not get a good answer now: ${served.said}`;
  return [{ status: 'WARN', what, remedy: 'going back would bring back a version that does not work' }];
}
