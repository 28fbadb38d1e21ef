import { FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { ListTaskDefinitionsCommand } from '@aws-sdk/client-ecs';
import { isNamed, translated } from '../../aws/failures.ts';
import { TargetFailure } from '../../release/failure.ts';
import type { Finding } from '../../release/target.ts';
import { ecsOf, logsOf } from './clients.ts';
import { chooseContainer } from './definition.ts';
import { streamOf } from './evidence.ts';
import { parseImage } from './images.ts';
import type { EcsCall } from './look.ts';
import { loginOf } from './registry.ts';
import type { Sight } from './state.ts';

/**
 * Tries what the release will have to read later, so that it does not fail half way for a right that is missing. What it
 * will have to change cannot be tried without changing it: `savepoint iam-policy` prints those rights.
 */
export async function rightsFindings(call: EcsCall, sight: Sight): Promise<Finding[]> {
  const found = await Promise.all([
    tried('task definitions can be listed', () => listDefinitions(call, sight)),
    ...(call.spec.logs === null ? [] : [tried('its logs can be read', () => readLogs(call, sight))]),
    ...(isPushed(call) ? [tried('ECR lets it log in', () => logIn(call))] : []),
  ]);
  return found;
}

/** A right that is missing is a finding, so that all of them are told at once; any other failure stays one. */
async function tried(what: string, look: () => Promise<unknown>): Promise<Finding> {
  try {
    await look();
    return { status: 'PASS', what };
  } catch (error) {
    if (!(error instanceof TargetFailure) || error.kind !== 'permission') throw error;
    return {
      status: 'FAIL',
      what: error.message,
      remedy: error.details.remedy ?? 'allow it to the role of the worker',
    };
  }
}

async function listDefinitions(call: EcsCall, { revision }: Sight): Promise<void> {
  const familyPrefix = revision.definition.family;
  try {
    await ecsOf(call.spec).read.send(new ListTaskDefinitionsCommand({ familyPrefix, maxResults: 1 }));
  } catch (error) {
    throw translated(`listing the task definitions ${familyPrefix}`, error);
  }
}

async function readLogs(call: EcsCall, { content }: Sight): Promise<void> {
  const stream = streamOf(chooseContainer(content, call.spec.container), {});
  if (stream === null) return;
  const command = new FilterLogEventsCommand({ logGroupName: stream.group, limit: 1 });
  try {
    await logsOf(call.spec, stream.region).read.send(command);
  } catch (error) {
    // A group that is made with the first line is not there yet.
    if (!isNamed(error, 'ResourceNotFound')) throw translated(`reading the logs of ${stream.group}`, error);
  }
}

function isPushed({ spec: { image } }: EcsCall): boolean {
  return typeof image !== 'string' && image.push;
}

async function logIn(call: EcsCall): Promise<void> {
  const { image } = call.spec;
  if (typeof image !== 'string') await loginOf(call, parseImage(image.repository).region);
}
