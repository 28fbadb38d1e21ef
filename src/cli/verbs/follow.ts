import type { Command } from 'commander';
import { follow } from '../following.ts';
import type { Io } from '../io.ts';
import { type PlaceOptions, releasePlace, withClient, withPlace } from '../place.ts';
import { whoAmI } from '../who.ts';
import { noRelease } from './status.ts';

type Options = PlaceOptions & { by?: string };

export function define(command: Command, io: Io): void {
  withPlace(command)
    .option('--by <person>', 'who sits here; questions meant for them are asked')
    .action(async (release: string | undefined, options: Options) => {
      const place = await releasePlace(io, release, options);
      await withClient(async (client) => {
        const run = await client.find(place.workflowId, place.runId);
        if (run === null) throw noRelease(client, place.workflowId);
        const who = io.interactive ? await whoAmI(io, options.by, place.people) : null;
        io.say(`${run.workflowId}${run.url === null ? '' : `  ${run.url}`}`);
        await follow(io, {
          client,
          workflowId: run.workflowId,
          runId: run.runId,
          url: run.url,
          person: who?.person ?? null,
        });
      });
    });
}
