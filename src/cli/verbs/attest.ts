import { dirname, relative, resolve } from 'node:path';
import type { Command } from 'commander';
import { writeAttestation } from '../../checks/attest/attestation.ts';
import { UsageError } from '../failing.ts';
import type { Io } from '../io.ts';
import { defaultPlanFile, type WrittenPlan, writtenPlan } from '../place.ts';
import { mustBe } from '../who.ts';

type Options = { plan?: string; version: string; by?: string; note?: string; withdraw?: true; records?: string };

export function define(command: Command, io: Io): void {
  command
    .argument('<statement>', 'what you state, in the very words of the plan')
    .requiredOption('--version <version>', 'the version that it is true of')
    .option('--plan <file>', `plan file (default: ./${defaultPlanFile})`)
    .option('--records <folder>', 'instead of the records folder of the plan')
    .option('--by <person>', 'who states it (default: SAVEPOINT_USER, git or system user)')
    .option('--note <text>', 'what was seen')
    .option('--withdraw', 'state that it does not hold')
    .action(async (statement: string, options: Options) => await attest(io, statement, options));
}

async function attest(io: Io, statement: string, options: Options): Promise<void> {
  const written = await writtenPlan(io, options.plan);
  if (written === null && options.records === undefined) {
    throw new UsageError(
      `there is no ${defaultPlanFile} here that says where records are kept`,
      'Use --plan or --records.',
    );
  }
  if (written !== null) await mustBeAsked(written, statement, options);
  const by = await mustBe(io, options.by, written?.people ?? {});
  const home = dirname(resolve(io.cwd, options.plan ?? defaultPlanFile));
  const records = options.records ? resolve(io.cwd, options.records) : resolve(home, written?.records ?? './records');
  const note = options.note === undefined ? {} : { note: options.note };
  const attestation = {
    statement,
    by,
    version: options.version,
    at: new Date().toISOString(),
    holds: !options.withdraw,
    ...note,
  };
  const file = await writeAttestation(records, attestation);
  io.give(`✔ ${by}: ${statement} (${relative(io.cwd, file)})`, { schemaVersion: 1, file, ...attestation });
}

/** A check looks for its very words, so that a slip of the pen would be kept and never count. */
async function mustBeAsked(written: WrittenPlan, statement: string, { plan, version }: Options): Promise<void> {
  const asked = written.statements.map((each) => each.replaceAll(`\${version}`, version));
  if (asked.includes(statement)) return;
  const quoted = asked.map((each) => `"${each}"`).join(', ');
  throw new UsageError(
    `no check of ${plan ?? defaultPlanFile} asks for "${statement}"`,
    asked.length === 0 ? 'It has no check of kind attest.' : `Its checks ask for: ${quoted}`,
  );
}
