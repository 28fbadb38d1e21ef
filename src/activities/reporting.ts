import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { shortRelease } from '../release/naming.ts';
import { htmlReport } from '../report/html.ts';
import { jsonReport } from '../report/json.ts';
import { markdownReport } from '../report/markdown.ts';
import { atBoundary } from './boundary.ts';
import type { ReportInput } from './inputs.ts';

/** Keeps the evidence beyond Temporal's retention: one folder per run in `records`, never changed afterwards. */
export async function report({ place, status }: ReportInput): Promise<{ files: string[] }> {
  return await atBoundary(async () => {
    const started = status.startedAt.replaceAll(/[:.]/g, '-');
    const folder = join(
      place.records,
      place.application,
      place.environment,
      `${started}-${shortRelease(status.runId)}`,
    );
    await mkdir(folder, { recursive: true });
    const contents = { md: markdownReport(status), json: jsonReport(status), html: htmlReport(status) };
    const write = async ([extension, content]: [string, string]): Promise<string> => {
      const file = join(folder, `report.${extension}`);
      await writeFile(`${file}.part`, content);
      await rename(`${file}.part`, file);
      return file;
    };
    const files = await Promise.all(Object.entries(contents).map(write));
    return { files };
  });
}
