import type { Command } from 'commander';
import { outlook } from '../../report/outlook.ts';
import { planLines } from '../../report/plan-lines.ts';
import type { Io } from '../io.ts';
import { defaultPlanFile } from '../place.ts';
import { mustLoadPlan } from '../planning.ts';

type Options = { plan?: string; version?: string };

export function define(command: Command, io: Io): void {
  command
    .argument('[file]', `plan file (default: ./${defaultPlanFile})`)
    .option('--plan <file>', 'the same')
    .option('--version <version>', 'the version to be released')
    .action(async (file: string | undefined, { plan: other, version }: Options) => {
      const { plan, digest } = await mustLoadPlan(io, { file: file ?? other, version });
      io.give(planLines(plan, digest), { schemaVersion: 1, digest, plan, outlook: outlook(plan) });
      if (version === undefined) io.say('No version was given; the digest and paths are those of none.');
    });
}
