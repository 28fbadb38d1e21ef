import { keyHash } from '../../aws/owner.ts';

/**
 * What Savepoint writes on a service, as tags: ECS has no other place for it, and no token against repetition
 * (botocore model of ECS, UpdateService). Values hold only what tags may: letters, digits, spaces and + - = . _ : / @.
 */
export const markNames = {
  /** The newest attempt that was seen. */
  fence: 'savepoint:fence',
  /** The update that is under way: whose, since when, and what was there before. */
  rollout: 'savepoint:rollout',
  /** The revision that it brings. */
  goal: 'savepoint:rollout-to',
  /** A hold: what is to be put back. */
  held: 'savepoint:held',
  heldVersion: 'savepoint:held-version',
  heldImage: 'savepoint:held-image:',
} as const;

export type Marks = Record<string, string>;

export function fenceIn(tags: Marks): number {
  const fence = Number(tags[markNames.fence] ?? 0);
  return Number.isFinite(fence) ? fence : 0;
}

/**
 * Written before an update is sent, and once more when it was answered.
 *
 * - `key`: hash of the key of the call · `revision`: `family:number` that it brings
 * - `before`, `ours`: ids of the deployment that was primary and of the new one, without their prefix; '' when not known
 * - `atMs`: on the clock of the worker
 */
export type Intent = { key: string; revision: string; before: string; ours: string; atMs: number; sent: boolean };

export function intentMarks(intent: Intent): Marks {
  const { key, before, ours, atMs, sent } = intent;
  const said = [key, before === '' ? '-' : before, atMs, sent ? 'sent' : 'new', ours === '' ? '-' : ours];
  return { [markNames.rollout]: said.join(' '), [markNames.goal]: intent.revision };
}

export function intentIn(tags: Marks): Intent | null {
  const said = tags[markNames.rollout]?.split(' ');
  const revision = tags[markNames.goal];
  if (said === undefined || revision === undefined) return null;
  const [key = '', before = '-', at = '', state, ours = '-'] = said;
  const id = (written: string): string => (written === '-' ? '' : written);
  return { key, revision, before: id(before), ours: id(ours), atMs: Number(at), sent: state === 'sent' };
}

/** The intent of this very call, if it has one. */
export function ownIntent(tags: Marks, call: { key: string }): Intent | null {
  const found = intentIn(tags);
  return found?.key === keyHash(call.key) ? found : null;
}

/** `family:number` of an ARN or of such a name. */
export function revisionName(arn: string): string {
  return arn.split('/').at(-1) ?? arn;
}

/** Id of a deployment without its prefix `ecs-svc/`. */
export function deploymentNumber(id: string | undefined): string {
  return (id ?? '').split('/').at(-1) ?? '';
}

/** Three switches of Application Auto Scaling; true: that kind of scaling does nothing. */
export type Suspended = { in: boolean; out: boolean; scheduled: boolean };

/**
 * What ran before a hold. `scaling` null: nobody scales the service. `images`: container → digest, empty where the tasks
 * did not agree. `sinceMs`: on the clock of the worker.
 */
export type Held = {
  desired: number;
  sinceMs: number;
  scaling: Suspended | null;
  version: string | null;
  images: Record<string, string>;
};

const digit = (on: boolean): string => (on ? '1' : '0');

export function heldMarks(held: Held): Marks {
  const { scaling } = held;
  const switches =
    scaling === null ? [] : [`scaling=${digit(scaling.in)}${digit(scaling.out)}${digit(scaling.scheduled)}`];
  const images = Object.entries(held.images).map(([name, digest]) => [`${markNames.heldImage}${name}`, digest]);
  return {
    [markNames.held]: [`desired=${held.desired}`, `since=${held.sinceMs}`, ...switches].join(' '),
    ...(held.version === null ? {} : { [markNames.heldVersion]: Buffer.from(held.version).toString('base64url') }),
    ...Object.fromEntries(images),
  };
}

export function heldIn(tags: Marks): Held | null {
  const said = tags[markNames.held];
  if (said === undefined) return null;
  const values = new Map(said.split(' ').map((pair) => pair.split('=') as [string, string]));
  const scaling = values.get('scaling');
  const version = tags[markNames.heldVersion];
  const images = Object.entries(tags).flatMap(([name, digest]) =>
    name.startsWith(markNames.heldImage) ? [[name.slice(markNames.heldImage.length), digest] as const] : [],
  );
  return {
    desired: Number(values.get('desired')),
    sinceMs: Number(values.get('since')),
    scaling:
      scaling === undefined ? null : { in: scaling[0] === '1', out: scaling[1] === '1', scheduled: scaling[2] === '1' },
    version: version === undefined ? null : Buffer.from(version, 'base64url').toString('utf8'),
    images: Object.fromEntries(images),
  };
}

/** Names of the marks of a hold that are there. */
export function heldMarkNames(tags: Marks): string[] {
  const fixed: string[] = [markNames.held, markNames.heldVersion];
  return Object.keys(tags).filter((name) => fixed.includes(name) || name.startsWith(markNames.heldImage));
}
