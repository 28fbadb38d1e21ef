import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import type { ReleaseStatus } from '../../release/status.ts';
import type { Io } from '../io.ts';
import { type PlaceOptions, releasePlace, withClient, withPlace } from '../place.ts';

type Options = PlaceOptions & { format: 'markdown' | 'html' | 'json'; output?: string };

export function define(command: Command, io: Io): void {
  withPlace(command)
    .addOption(
      new Option('--format <format>', 'of the report').choices(['markdown', 'html', 'json']).default('markdown'),
    )
    .option('--output <file>', 'write it there (default: stdout)')
    .action(async (release: string | undefined, options: Options) => {
      const { workflowId, runId } = await releasePlace(io, release, options);
      const status = await withClient((client) => client.status(workflowId, runId));
      const text = await rendered(io.json ? 'json' : options.format, status);
      if (options.output === undefined) return io.give(text, status);
      await writeFile(resolve(io.cwd, options.output), text);
      io.give(`wrote ${options.output}`, { schemaVersion: 1, written: options.output });
    });
}

async function rendered(format: Options['format'], status: ReleaseStatus): Promise<string> {
  if (format === 'html') return (await import('../../report/html.ts')).htmlReport(status);
  if (format === 'json') return (await import('../../report/json.ts')).jsonReport(status);
  return (await import('../../report/markdown.ts')).markdownReport(status);
}
