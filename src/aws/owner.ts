import { createHash } from 'node:crypto';

/** Tags by which a release finds again what it made, and by which people see whose it is. */
export const ownerTags = {
  release: 'savepoint:release',
  application: 'savepoint:application',
  environment: 'savepoint:environment',
  target: 'savepoint:target',
  /** Hash of the key of the call: the same call finds its own effect again. */
  key: 'savepoint:key',
} as const;

/** What identifies a call on the AWS side; `Call` of release/target.ts has all of it. */
type Owner = { release: string; application: string; environment: string; target: string; key: string };

/** In every AWS name and tag, a key is told by its hash: keys are long, and hold characters that names may not. */
export function keyHash(key: string): string {
  return createHash('sha256').update(key).digest('hex').slice(0, 16);
}

/** Tags of something that this call makes, as name → value. */
export function tagsOf(owner: Owner): Record<string, string> {
  return {
    [ownerTags.release]: owner.release,
    [ownerTags.application]: owner.application,
    [ownerTags.environment]: owner.environment,
    [ownerTags.target]: owner.target,
    [ownerTags.key]: keyHash(owner.key),
  };
}

/** `[{ Key, Value }]`, as RDS, S3 and CloudWatch write tags. */
export function asUpperTags(tags: Record<string, string>): { Key: string; Value: string }[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}

/** `[{ key, value }]`, as ECS writes tags. */
export function asLowerTags(tags: Record<string, string>): { key: string; value: string }[] {
  return Object.entries(tags).map(([key, value]) => ({ key, value }));
}

/** Did this very call make it? */
export function isMadeBy(tags: Readonly<Record<string, string>>, { key }: Pick<Owner, 'key'>): boolean {
  return tags[ownerTags.key] === keyHash(key);
}

/** Did this release make it, in whatever call? */
export function isOf(tags: Readonly<Record<string, string>>, { release }: Pick<Owner, 'release'>): boolean {
  return tags[ownerTags.release] === release;
}
