import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Command } from 'commander';
import type { CheckResult } from '../../release/check.ts';
import { exitCodes } from '../../release/endings.ts';
import { countsOf, type Standing, standingOf } from '../../release/suite.ts';
import { suiteJunit } from '../../report/junit.ts';
import { type SuiteRun, suiteLines, suiteMarkdown } from '../../report/suite.ts';
import { askFromHere, chosenChecks } from '../checking.ts';
import type { Io } from '../io.ts';
import { defaultPlanFile } from '../place.ts';
import { mustLoadPlan } from '../planning.ts';

type Options = {
  plan?: string;
  version?: string;
  only: string[];
  junit?: string;
  markdown?: string;
  cleanup?: true;
};

const more = (value: string, before: string[]): string[] => [...before, value];

export function define(command: Command, io: Io): void {
  command
    .argument('[groups...]', 'groups under `checks` of the plan, or preflight, smoke, monitoring (default: all groups)')
    .option('--plan <file>', `plan file (default: ./${defaultPlanFile})`)
    .option('--version <version>', 'the version that is looked at')
    .option('--only <check>', 'this check alone, without what it needs; may be repeated', more, [])
    .option('--junit <file>', 'write JUnit XML as well')
    .option('--markdown <file>', 'write the go-live dashboard as well')
    .option('--cleanup', 'only clean up, after a run that was killed')
    .action(async (groups: string[], options: Options) => await check(io, groups, options));
}

const exits: Record<Standing, Io['exitCode']> = {
  ready: exitCodes.released,
  open: exitCodes.personNeeded,
  blocked: exitCodes.wentBack,
};

/** Exit code 3 with a FAIL, 4 while a person has to attest what could not be asked, 6 when it was stopped. */
async function check(io: Io, groups: readonly string[], options: Options): Promise<void> {
  const { plan: file, version, only, cleanup = false } = options;
  const loaded = await mustLoadPlan(io, { file, version });
  const checks = chosenChecks(loaded, { groups, only, cleanup });
  const startedAt = new Date().toISOString();
  const seen: CheckResult[] = [];
  const stopping = stopOnSignal();
  const results = await askFromHere(io, loaded, {
    checks,
    signal: stopping.signal,
    ended: (result) => seen.push(result),
  }).catch((error: unknown) => {
    if (!stopping.signal.aborted) throw error;
    return seen;
  });
  stopping.release();
  const { application, environment } = loaded.plan;
  const endedAt = new Date().toISOString();
  const run: SuiteRun = { application, environment, version: version ?? null, startedAt, endedAt, results };
  await writeFiles(io, run, options);
  const standing = standingOf(results);
  const stopped = stopping.signal.aborted;
  io.give(suiteLines(run), { schemaVersion: 1, ...run, standing, stopped, counts: countsOf(results) });
  if (stopped) io.say('Stopped; what had been begun was cleaned up.');
  io.exitCode = stopped ? exitCodes.aborted : exits[standing];
}

async function writeFiles(io: Io, run: SuiteRun, { junit, markdown }: Options): Promise<void> {
  const write = async (file: string | undefined, text: string): Promise<void> => {
    if (file === undefined) return;
    const path = resolve(io.cwd, file);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  };
  await write(junit, suiteJunit(run));
  await write(markdown, suiteMarkdown(run));
}

/** The first Ctrl-C stops asking and lets what cleans up run; the second one ends everything. */
function stopOnSignal(): { signal: AbortSignal; release: () => void } {
  const controller = new AbortController();
  const stop = (): void => controller.abort(new Error('stopped'));
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, stop);
  const release = (): void => {
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.removeListener(name, stop);
  };
  return { signal: controller.signal, release };
}
