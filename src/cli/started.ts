import { userInfo } from 'node:os';
import type { Started } from '../client/starting.ts';
import type { ReleaseClient } from '../client.ts';
import { exitCodes } from '../release/endings.ts';
import { follow } from './following.ts';
import type { Io } from './io.ts';
import { type People, whoAmI } from './who.ts';

type AfterStart = { started: Started; requester: string; detach: boolean };

/** Says what was started, and follows it to its end unless nobody wants to wait. */
export async function afterStart(
  io: Io,
  client: ReleaseClient,
  { started, requester, detach }: AfterStart,
): Promise<void> {
  const { workflowId, runId, url } = started;
  io.say(`started ${workflowId}${url === null ? '' : `  ${url}`}`);
  if (!detach) return await follow(io, { client, workflowId, runId, url, person: requester });
  io.give(`follow it with: savepoint follow ${workflowId}`, { schemaVersion: 1, workflowId, runId, url });
  io.exitCode = exitCodes.stillRunning;
}

/** Anybody may ask for a release; who is not in the plan is named by the user of the machine. */
export async function requesterOf(io: Io, by: string | undefined, people: People): Promise<string> {
  const who = await whoAmI(io, by, people);
  const { person, rule } = who ?? { person: userInfo().username, rule: 'user of this machine' };
  if (rule !== '--by') io.say(`asked for by ${person} (${rule})`);
  const known = Object.keys(people);
  if (known.length > 0 && !known.includes(person))
    io.say(`${person} is not among the people of the plan: ${known.join(', ')}`);
  return person;
}
