import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Finding, Survey } from '../../release/target.ts';
import { nearest, writable } from '../shell/disk.ts';
import { changedFiles } from '../shell/tree.ts';
import { askUsersWay } from './health.ts';
import { directoryOf, type Place, type ProcessCall, placeOf } from './place.ts';
import { manifestOf, type ProcessState, stateNow } from './proof.ts';
import { isFree, type Service } from './services.ts';
import { look, type Scene } from './switching.ts';

/** Looks only: no directory is made, no port is kept. */
export async function survey(call: ProcessCall): Promise<Survey> {
  call.signal.throwIfAborted();
  const place = placeOf(call);
  const scene = await look(place);
  const findings = [await writable(place.root), await sameDisk(place), await ports(call, scene)];
  const { lead, current } = scene;
  if (lead.to === 'service' && current === null) {
    const what = `users are led to port ${lead.port}, where nothing of ${call.target} runs: there is nothing to go back to`;
    const remedy =
      'start the version that the switch file names, or remove the file to release as if for the first time';
    return { findings: [...findings, { status: 'FAIL', what, remedy }], running: null };
  }
  if (current !== null) findings.push(...(await previousVersion(call, place, current)));
  const { state } = current === null && lead.to === 'nothing' ? nothing : await stateNow(call, place, scene);
  return { findings, running: state.install };
}

const nothing: { state: ProcessState } = { state: { install: null, lead: 'nothing' } };

/** A switch is one rename, which cannot cross file systems. */
async function sameDisk({ root, switchFile }: Place): Promise<Finding> {
  const [here, there] = await Promise.all([nearest(join(root, '.savepoint')), nearest(dirname(switchFile))]);
  const [a, b] = await Promise.all([stat(here), stat(there)]);
  if (a.dev === b.dev) return { status: 'PASS', what: 'the switch is one rename' };
  const remedy = 'put `root` and `switch.file` on the same file system';
  return { status: 'FAIL', what: 'the switch file is on another file system than the root', remedy };
}

async function ports({ spec, target }: ProcessCall, { services, current }: Scene): Promise<Finding> {
  const ours = services.map(({ port }) => port);
  const free = await Promise.all(
    spec.ports.map(async (port) => ours.includes(port) || (await isFree(spec.host, port))),
  );
  const usable = spec.ports.filter((_port, index) => free[index] === true);
  const taken = spec.ports.filter((port) => !usable.includes(port));
  const remedy = 'stop the program that listens there, or name other `ports`';
  const own = current !== null && spec.ports.includes(current.port) ? current.port : null;
  if (usable.length === 0) return { status: 'FAIL', what: `other programs hold every port of ${target}`, remedy };
  if (usable.every((port) => port === own) && spec.ports.length > 1) {
    return { status: 'FAIL', what: `other programs hold every free port of ${target}: ${taken.join(', ')}`, remedy };
  }
  if (spec.ports.length === 1) return { status: 'WARN', what: 'one port: users are cut off while the version changes' };
  return { status: 'PASS', what: 'a port is free for the new version, the previous one stays ready' };
}

async function previousVersion(call: ProcessCall, place: Place, current: Service): Promise<Finding[]> {
  const manifest = await manifestOf(place, current.install);
  const changed = await changedFiles(directoryOf(place, current.install), manifest.tree);
  const findings: Finding[] = [];
  if (changed.length > 0) {
    const what = `${changed.length} files of the running version were changed, e.g. ${changed[0]}: it could not be proved`;
    findings.push({ status: 'FAIL', what, remedy: 'put the files back as they were prepared' });
  }
  const health = await askUsersWay(call, current);
  if (!health.good) {
    const what = `the running version does not answer well: ${health.said}`;
    findings.push({ status: 'WARN', what, remedy: 'going back would bring back a version that does not work' });
  }
  const { environment } = manifest.also as { environment: string[] };
  const lacking = environment.filter((name) => !(name in call.spec.env));
  if (lacking.length > 0) {
    const what = `the plan no longer gives ${lacking.join(', ')}, which the running version was started with`;
    findings.push({ status: 'WARN', what, remedy: 'keep it in `env` until no release goes back to that version' });
  }
  return findings;
}
