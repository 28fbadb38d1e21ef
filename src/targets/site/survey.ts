import type { Finding, Survey } from '../../release/target.ts';
import { writable } from '../shell/disk.ts';
import { changedFiles } from '../shell/tree.ts';
import { currentOf, type Release, rootOf, type SiteCall } from './releases.ts';
import { fetchServed } from './served.ts';

export async function survey(call: SiteCall): Promise<Survey> {
  call.signal.throwIfAborted();
  const root = rootOf(call);
  const findings: Finding[] = [await writable(root)];
  const current = await currentOf(root).catch((error: unknown) => {
    findings.push(notALink(error));
    return null;
  });
  if (current !== null) findings.push(...(await previousRelease(call, current)));
  return { findings, running: current?.install ?? null };
}

function notALink(error: unknown): Finding {
  const what = error instanceof Error ? error.message : 'what is served cannot be told';
  return { status: 'FAIL', what, remedy: 'make `current` a link to a directory in `releases/`' };
}

async function previousRelease(call: SiteCall, current: Release): Promise<Finding[]> {
  const changed = await changedFiles(current.directory, current.tree);
  const remedy = 'put the files back as they were built';
  if (changed.length > 0) {
    return [
      {
        status: 'FAIL',
        what: `${changed.length} files of ${current.install} were changed, e.g. ${changed[0]}`,
        remedy,
      },
    ];
  }
  if (call.spec.url === null) return [{ status: 'WARN', what: 'without `url` nobody proves what users get' }];
  const { wrong, files } = await fetchServed(call, call.spec.url, current);
  if (wrong.length === 0) return [{ status: 'PASS', what: `users get the ${files} files of ${current.install}` }];
  const what = `users do not get ${current.install}: ${wrong.slice(0, 3).join('; ')}`;
  return [{ status: 'WARN', what, remedy: 'check `url` and the web server; a restore could not be proved' }];
}
