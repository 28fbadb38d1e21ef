import { createHash } from 'node:crypto';
import { shortRelease } from '../../release/naming.ts';
import type { Call } from '../../release/target.ts';

/** Limits of identifiers (botocore, rds service-2.json: CreateDBSnapshot, RestoreDBInstanceFromDBSnapshot). */
const longest = { snapshot: 255, instance: 63 } as const;

/** Letters, digits and single hyphens, a letter first, no hyphen at the end; RDS keeps them in small letters. */
export function asIdentifier(text: string): string {
  const plain = text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '');
  return /^[a-z]/.test(plain) ? plain : `i-${plain}`;
}

function fitting(start: string, ending: string, limit: number): string {
  const whole = asIdentifier(start);
  if (whole.length + ending.length <= limit) return whole + ending;
  const hash = createHash('sha256').update(start).digest('hex').slice(0, 8);
  const kept = whole.slice(0, limit - ending.length - hash.length - 1).replace(/-+$/, '');
  return `${kept}-${hash}${ending}`;
}

/** One of several of the same release, from 1; a snapshot that failed keeps its name. */
function numbered(ending: string, count: number): string {
  return count > 1 ? `${ending}-${count}` : ending;
}

type Named = Pick<Call<unknown>, 'application' | 'environment' | 'target' | 'release'>;

export function snapshotName({ application, environment, target, release }: Named, count = 1): string {
  const start = `sp-${application}-${environment}-${target}`;
  return fitting(start, numbered(`-${shortRelease(release)}`, count), longest.snapshot);
}

/** The restored instance before it takes the name. */
export function besideName(instance: string, release: string): string {
  return fitting(instance, `-beside-${shortRelease(release)}`, longest.instance);
}

/** What the replaced instance is called; `count` tells several of one release apart, from 1. */
export function supersededName(instance: string, release: string, count = 1): string {
  return fitting(instance, numbered(`-superseded-${shortRelease(release)}`, count), longest.instance);
}
