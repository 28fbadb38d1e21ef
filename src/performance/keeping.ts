import { randomUUID } from 'node:crypto';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Measuring } from '../release/performance.ts';
import { fileNameOf, hasCode, pathFrom } from '../targets/shell/files.ts';

/**
 * Keeps what a tool said in the records, one file per measurement, never changed afterwards; secrets of the plan are hidden.
 *
 * @returns where it is, or why it could not be kept, as people are told it
 */
export async function keepReport(
  measuring: Measuring<unknown>,
  folder: string,
  { extension, content }: { extension: string; content: string },
): Promise<string> {
  const { records, home, name, version, redact } = measuring;
  if (records === undefined) return 'no report is kept: there is no records folder';
  const stamp = new Date(measuring.clock.now()).toISOString().replaceAll(/[:.]/g, '-');
  const file = `${[stamp, fileNameOf(version), fileNameOf(name), randomUUID().slice(0, 8)].join('-')}.${extension}`;
  const path = join(pathFrom(home, records), folder);
  try {
    await mkdir(path, { recursive: true });
    await writeFile(join(path, `${file}.part`), redact(content), { flag: 'wx' });
    await rename(join(path, `${file}.part`), join(path, file));
  } catch (error) {
    if (!hasCode(error, 'EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'ENOTDIR', 'EEXIST')) throw error;
    return 'no report is kept: the records folder cannot be written';
  }
  return `report: ${folder}/${file} in the records`;
}
