import type { Command } from 'commander';
import type { Io } from '../io.ts';
import { defaultPlanFile } from '../place.ts';
import { mustLoadPlan } from '../planning.ts';

type Options = { plan?: string; version?: string };

export function define(command: Command, io: Io): void {
  command
    .argument('[file]', `plan file (default: ./${defaultPlanFile})`)
    .option('--plan <file>', 'the same')
    .option('--version <version>', 'check the files of this version too')
    .action(async (file: string | undefined, { plan, version }: Options) => {
      const loaded = await mustLoadPlan(io, { file: file ?? plan, version });
      const { application, environment, targets, steps } = loaded.plan;
      const name = `${application} ${environment}`;
      io.give([{ tone: 'good', text: `✔ ${name}: ${targets.length} targets, ${steps.length} steps, no problems` }], {
        schemaVersion: 1,
        valid: true,
        application,
        environment,
        digest: version === undefined ? null : loaded.digest,
        warnings: loaded.warnings,
      });
      if (version === undefined) io.say('Files of a version were not looked for; --version <version> does that.');
    });
}
