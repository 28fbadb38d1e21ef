import { clientsOf } from './client.ts';
import { asking } from './failures.ts';
import type { AwsPlace } from './place.ts';

/** Whose credentials are used: `who` is a role or a user without its session, which may name a person. */
export type Identity = { account: string; partition: string; who: string };

/** Asks AWS; needs no permission. @throws TargetFailure `permission` without usable credentials, `unreachable` */
export async function identityAt(place: AwsPlace, abortSignal: AbortSignal): Promise<Identity> {
  const { GetCallerIdentityCommand, STSClient } = await import('@aws-sdk/client-sts');
  const { read } = clientsOf('sts', place, (config) => new STSClient(config));
  const found = await asking('asking AWS whose credentials these are', () =>
    read.send(new GetCallerIdentityCommand({}), { abortSignal }),
  );
  return { account: found.Account ?? '', ...holderOf(found.Arn ?? '') };
}

/** `arn:aws:sts::123456789012:assumed-role/worker/session` → role worker (IAM guide, "IAM identifiers"). */
export function holderOf(arn: string): { partition: string; who: string } {
  const [, partition = 'aws', , , , ...rest] = arn.split(':');
  const [kind = '', ...path] = rest.join(':').split('/');
  if (kind === 'assumed-role') return { partition, who: `role ${path[0] ?? ''}` };
  if (kind === 'root') return { partition, who: 'root user' };
  return { partition, who: `${kind} ${path.at(-1) ?? ''}`.trim() };
}
