import { TargetFailure } from '../../release/failure.ts';
import type { Json } from '../../release/json.ts';
import type { Artefact, Kind, Savepoint, Step } from '../../release/target.ts';
import { readJson, takeFile } from '../shell/files.ts';
import { pinnedInstall, prepareInstall } from '../shell/install.ts';
import { bringUp, watchLog } from './bring-up.ts';
import { confirm } from './confirm.ts';
import { hold, resume } from './holding.ts';
import { discard, kept } from './kept.ts';
import { begin, keepJson, type ProcessCall, placeOf, savedFile, versionsFolder } from './place.ts';
import type { ProcessSpec } from './process.schema.ts';
import { fingerprintOf, type ProcessState, stateNow } from './proof.ts';
import { restore } from './restore.ts';
import { stopServices, stopStaged } from './services.ts';
import { stage, unstage } from './stage.ts';
import type { HowToRun } from './start.ts';
import { survey } from './survey.ts';
import { look } from './switching.ts';

async function prepare(call: ProcessCall, version: string): Promise<Step<Artefact>> {
  const { source, build, run, env } = call.spec;
  const also: HowToRun = { run, environment: Object.keys(env).sort() };
  const inspect = async () => {};
  return prepareInstall(call, version, { folder: versionsFolder, source, build, output: '.', also, inspect });
}

/** Records what runs, and stops what earlier releases kept ready: from now on one goes back to this. */
async function save(call: ProcessCall): Promise<Step<Savepoint<ProcessState>>> {
  const attempt = await begin(call);
  const { place } = attempt;
  const known = (await readJson(savedFile(attempt))) as Savepoint<ProcessState> | undefined;
  if (known !== undefined) return { state: 'done', value: known };
  await stopStaged(place.root, call.spec.stopWithin);
  const scene = await look(place);
  const { state, fingerprint } = await stateNow(call, place, scene);
  const value: Savepoint<ProcessState> = {
    target: call.target,
    kind: 'process',
    release: call.release,
    takenAt: new Date().toISOString(),
    version: state.install === null ? null : state.version,
    absent: state.install === null,
    heldMs: 0,
    fingerprint,
    state,
  };
  await keepJson(attempt, savedFile(attempt), value);
  const old = scene.services.filter(({ start }) => start !== scene.current?.start);
  await stopServices(place.root, old, call.spec.stopWithin);
  return { state: 'done', value };
}

async function apply(call: ProcessCall, change: 'deploy', version: string): Promise<Step<Json>> {
  if (change !== 'deploy') throw new TargetFailure('invalid-input', `a process cannot ${String(change)}`);
  const attempt = await begin(call);
  const manifest = await pinnedInstall(call);
  if (manifest.version !== version) {
    throw new TargetFailure('changed', `${manifest.version} was prepared, not ${version}`);
  }
  const step = await bringUp(attempt, { manifest, preferred: null, verb: 'deploy' });
  if (step.state !== 'done') return step;
  const watched = await watchLog(attempt, step.value);
  if (watched.state !== 'done') return watched;
  await takeFile(attempt.fence, attempt.place.heldFile);
  const { port, install } = step.value;
  return { state: 'done', value: { version, install, port } };
}

/** A service as an operating-system process group that outlives the worker. */
export const process: Kind<ProcessSpec, ProcessState, 'deploy'> = {
  survey,
  prepare,
  save,
  apply,
  restore,
  hold,
  resume,
  stage,
  unstage,
  confirm,
  kept,
  discard,
  async fingerprint(call) {
    call.signal.throwIfAborted();
    const place = placeOf(call);
    return fingerprintOf(call, place, await look(place));
  },
};
