import type { Command } from 'commander';
import type { ReleaseClient } from '../client.ts';
import type { Io } from './io.ts';
import { type PlaceOptions, type ReleasePlace, releasePlace, withClient, withPlace } from './place.ts';
import { mustBe } from './who.ts';

/** Options of every verb that tells a release something. */
export type MessageOptions = PlaceOptions & { by?: string; reason?: string };

export function withMessage(command: Command): Command {
  return withPlace(command).option('--by <person>', 'who says so (default: SAVEPOINT_USER, git or system user)');
}

type Send = (client: ReleaseClient, place: ReleasePlace, by: string) => Promise<{ accepted: string }>;

/** Finds the release and the person, sends, and prints what was accepted. */
export async function tellRelease(
  io: Io,
  to: { release: string | undefined; options: MessageOptions },
  send: Send,
): Promise<void> {
  const place = await releasePlace(io, to.release, to.options);
  const by = await mustBe(io, to.options.by, place.people);
  const { accepted } = await withClient((client) => send(client, place, by));
  const document = { schemaVersion: 1, workflowId: place.workflowId, by, accepted };
  io.give([{ tone: 'good', text: `✔ ${place.workflowId}: ${accepted}` }], document);
}
