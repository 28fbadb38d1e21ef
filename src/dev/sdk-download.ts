import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

const patienceMs = 180_000;

/**
 * Lets the Temporal SDK fetch the server that it pins itself and puts its executable at `path`.
 *
 * @throws Error when the download is not reachable, does not end in time, or what came does not start
 */
export async function downloadWithSdk(what: 'dev-server' | 'time-skipping', path: string): Promise<void> {
  const { TestWorkflowEnvironment } = await import('@temporalio/testing');
  await mkdir(dirname(path), { recursive: true });
  const temporary = await mkdtemp(join(dirname(path), 'download-'));
  const executable = { type: 'cached-download', downloadDir: temporary } as const;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${patienceMs / 1000} s`)), patienceMs);
  });
  const started =
    what === 'dev-server'
      ? TestWorkflowEnvironment.createLocal({ server: { executable } })
      : TestWorkflowEnvironment.createTimeSkipping({ server: { executable } });
  try {
    await (await Promise.race([started, late])).teardown();
    const [name] = (await readdir(temporary)).filter((file) => file.startsWith('temporal'));
    if (name === undefined) throw new Error('the SDK left no file');
    await rename(join(temporary, name), path);
  } finally {
    clearTimeout(timer);
    await rm(temporary, { recursive: true, force: true });
  }
}
