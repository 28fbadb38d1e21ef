import { mkdir, writeFile } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import type { Command } from 'commander';
import { UsageError } from '../failing.ts';
import { firstPlan } from '../first-plan.ts';
import type { Io } from '../io.ts';
import { defaultPlanFile } from '../place.ts';

type Options = { application?: string };

export function define(command: Command, io: Io): void {
  command
    .argument('[file]', `where to write it (default: ./${defaultPlanFile})`)
    .option('--application <name>', 'name of the application (default: the name of the directory)')
    .action(async (file: string | undefined, options: Options) => {
      const path = resolve(io.cwd, file ?? defaultPlanFile);
      const application = plainName(options.application ?? basename(dirname(path)));
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, firstPlan(application), { flag: 'wx' }).catch((error: unknown) => {
        if (!isThere(error)) throw error;
        throw new UsageError(`${file ?? defaultPlanFile} is there already and is left as it is`, 'Name another file.');
      });
      const next = `savepoint validate${file === undefined ? '' : ` ${file}`}`;
      io.give(`✔ wrote ${file ?? defaultPlanFile}; now edit it, then: ${next}`, {
        schemaVersion: 1,
        file: path,
        application,
      });
    });
}

/** A name as a plan allows it; what cannot be made one becomes `application`. */
function plainName(text: string): string {
  const name = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+|-+$/g, '')
    .slice(0, 40);
  return name === '' ? 'application' : name;
}

function isThere(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EEXIST';
}
