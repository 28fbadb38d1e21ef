import { type Command, InvalidArgumentError } from 'commander';
import type { Seen } from '../../client/reading.ts';
import { duration, moment, spanMs } from '../../release/wording.ts';
import { alignedTable } from '../../report/table.ts';
import type { Io } from '../io.ts';
import { withClient, writtenPlan } from '../place.ts';

type Options = {
  plan?: string;
  application?: string;
  environment?: string;
  releaseVersion?: string;
  running?: true;
  all?: true;
  limit: number;
};

const head = ['release', 'version', 'ending', 'asked for by', 'started', 'took', 'run'];

export function define(command: Command, io: Io): void {
  command
    .option('--plan <file>', 'list the releases of this plan (default: ./release.yaml where there is one)')
    .option('--application <name>', 'of this application')
    .option('--environment <name>', 'to this environment')
    .option('--release-version <version>', 'of this version')
    .option('--running', 'only those that run')
    .option('--all', 'of every application and environment')
    .option('--limit <number>', 'newest first, at most', count, 20)
    .action(async (options: Options) => {
      const { releaseVersion: version, running, limit } = options;
      const whose = options.all ? {} : await whoseReleases(io, options);
      const filter = { ...whose, ...(version ? { version } : {}), ...(running ? { running } : {}), limit };
      const runs = await withClient((client) => client.list(filter));
      io.give(runs.length === 0 ? nothing(whose) : alignedTable(head, runs.map(row)), {
        schemaVersion: 1,
        releases: runs,
      });
    });
}

function nothing({ application, environment }: { application?: string; environment?: string }): string {
  const whose = [application, environment].filter(Boolean).join(' ');
  return whose === '' ? 'no releases' : `no releases of ${whose}; --all lists all there are`;
}

async function whoseReleases(io: Io, options: Options): Promise<{ application?: string; environment?: string }> {
  const { application, environment } = options;
  const given = { ...(application ? { application } : {}), ...(environment ? { environment } : {}) };
  if (application !== undefined || environment !== undefined) return given;
  const written = await writtenPlan(io, options.plan);
  return {
    ...(written?.application ? { application: written.application } : {}),
    ...(written?.environment ? { environment: written.environment } : {}),
  };
}

function row(run: Seen): string[] {
  const ending = run.outcome ?? (run.running ? (run.phase ?? 'running') : run.state);
  const took = run.endedAt === null ? '-' : duration(spanMs(run.startedAt, run.endedAt));
  return [run.workflowId, run.version ?? '-', ending, run.requester ?? '-', moment(run.startedAt), took, run.runId];
}

function count(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new InvalidArgumentError('It must be a whole number above 0.');
}
