import { TargetFailure } from '../release/failure.ts';
import type { Json } from '../release/json.ts';
import type { Kind } from '../release/target.ts';

/** A kind whose spec was checked by its schema and is opaque to the caller. */
export type AnyKind = Kind<Json, Json, string>;

/**
 * The one place where a kind's own types are given up: its spec was validated when the plan was loaded, and its
 * savepoint was made by itself.
 */
function opaque<Spec, State extends Json, Change extends string>(kind: Kind<Spec, State, Change>): AnyKind {
  return kind as unknown as AnyKind;
}

/** Vendor code is loaded when a kind is first used. */
const loaders: Record<string, () => Promise<AnyKind>> = {
  postgres: async () => opaque((await import('./postgres/postgres.ts')).postgres),
  process: async () => opaque((await import('./process/process.ts')).process),
  site: async () => opaque((await import('./site/site.ts')).site),
  command: async () => opaque((await import('./command/command.ts')).command),
  'aws-ecs': async () => opaque((await import('./aws-ecs/aws-ecs.ts')).awsEcs),
  's3-site': async () => opaque((await import('./s3-site/s3-site.ts')).s3Site),
  cloudfront: async () => opaque((await import('./cloudfront/cloudfront.ts')).cloudfront),
  'aws-rds': async () => opaque((await import('./aws-rds/aws-rds.ts')).awsRds),
  redis: async () => opaque((await import('./redis/redis.ts')).redis),
  memory: async () => opaque((await import('./memory/memory.ts')).memory),
  'memory-database': async () => opaque((await import('./memory/memory.ts')).memoryDatabase),
};

/** Kinds that were used before: importing a module again is cheap, and not free. */
const loaded = new Map<string, AnyKind>();

/** @throws TargetFailure `invalid-input` for a name that no kind has; it lists the names. */
export async function loadTarget(kind: string): Promise<AnyKind> {
  const known = loaded.get(kind);
  if (known !== undefined) return known;
  const load = Object.hasOwn(loaders, kind) ? loaders[kind] : undefined;
  if (load === undefined) {
    throw new TargetFailure('invalid-input', `there is no target kind '${kind}'`, {
      remedy: `use one of: ${Object.keys(loaders).join(', ')}`,
    });
  }
  const found = await load();
  loaded.set(kind, found);
  return found;
}
