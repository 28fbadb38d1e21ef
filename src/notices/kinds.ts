import { TargetFailure } from '../release/failure.ts';
import type { Json } from '../release/json.ts';
import type { Notice } from '../release/notice.ts';
import type { NoticeKind } from './kinds.schema.ts';

/** A notice whose spec was accepted by the schema of its kind; to everybody else the spec is opaque. */
const loaders: Record<NoticeKind, () => Promise<unknown>> = {
  webhook: async () => (await import('./webhook.ts')).webhook,
  command: async () => (await import('./command.ts')).command,
};

/** @throws TargetFailure `invalid-input` that lists the kinds */
export async function loadNotice(kind: string): Promise<Notice<Json>> {
  if (!Object.hasOwn(loaders, kind)) {
    const known = Object.keys(loaders).join(', ');
    throw new TargetFailure('invalid-input', `there is no kind of notice called ${kind}; known are ${known}`);
  }
  return (await loaders[kind as NoticeKind]()) as Notice<Json>;
}
