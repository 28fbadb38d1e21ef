import type { Command } from 'commander';
import { exitCodes } from '../../release/endings.ts';
import type { Line } from '../../report/lines.ts';
import { type Finding, nodeFinding, planFindings, temporalFindings } from '../examining.ts';
import { identityFindings } from '../identifying.ts';
import type { Io } from '../io.ts';
import { surveyFindings } from '../surveying.ts';

type Options = { plan?: string; version?: string };

export function define(command: Command, io: Io): void {
  command
    .option('--plan <file>', 'plan file (default: ./release.yaml)')
    .option('--version <version>', 'look for the files of this version too')
    .action(async (options: Options) => await examine(io, options));
}

/** Says what is there and what is missing. Exit code 7 when Temporal is, 2 when the plan is, 1 for the rest. */
async function examine(io: Io, { plan: file, version }: Options): Promise<void> {
  const planned = await planFindings(io, { file, version });
  const findings = [
    nodeFinding(process.versions.node),
    ...planned.findings,
    ...(await temporalFindings(io, planned.plan)),
    ...(planned.plan === null ? [] : await identityFindings(io, planned.plan)),
    ...(planned.plan === null ? [] : await surveyFindings(io, planned.plan)),
  ];
  io.give(findings.flatMap(findingLines), { schemaVersion: 1, findings });
  const failed = findings.filter(({ status }) => status === 'FAIL');
  if (failed.some(({ about }) => about === 'temporal')) io.exitCode = exitCodes.unreachable;
  else if (failed.some(({ about }) => about === 'plan')) io.exitCode = exitCodes.usage;
  else if (failed.length > 0) io.exitCode = exitCodes.unexpected;
}

const marks: Record<Finding['status'], Line> = {
  PASS: { tone: 'good', text: '✔' },
  WARN: { tone: 'warn', text: '!' },
  FAIL: { tone: 'bad', text: '✘' },
};

function findingLines({ status, what, remedy }: Finding): Line[] {
  const { tone, text } = marks[status];
  const lines: Line[] = [{ tone, text: `${text} ${what}` }];
  if (remedy !== undefined)
    lines.push(...remedy.split('\n').map((each): Line => ({ tone: 'plain', text: `    → ${each}` })));
  return lines;
}
