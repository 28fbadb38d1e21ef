import type { Command } from 'commander';
import { outlook } from '../../report/outlook.ts';
import { planDetails } from '../../report/plan-details.ts';
import { planLines } from '../../report/plan-lines.ts';
import type { Io } from '../io.ts';
import { defaultPlanFile } from '../place.ts';
import { mustLoadPlan } from '../planning.ts';
import { expectationsIn } from '../remembering.ts';

type Options = { plan?: string; version?: string; all?: true };

export function define(command: Command, io: Io): void {
  command
    .argument('[file]', `plan file (default: ./${defaultPlanFile})`)
    .option('--plan <file>', 'the same')
    .option('--version <version>', 'the version to be released')
    .option('--all', 'every step in every state, what is asked then, and what each answer does')
    .action(async (file: string | undefined, { plan: other, version, all }: Options) => {
      const { plan, digest } = await mustLoadPlan(io, { file: file ?? other, version });
      const table = outlook(plan, await expectationsIn(plan));
      const { steps, ways, restores, noReturn } = table;
      const document = { schemaVersion: 1, digest, plan, outlook: steps, ways, restores, noReturn };
      io.give(all ? planDetails(plan, digest, table) : planLines(plan, digest, table), document);
      if (version === undefined) io.say('No version was given; the digest and paths are those of none.');
    });
}
