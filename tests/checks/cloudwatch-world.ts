import { vi } from 'vitest';
import { forgetClients } from '../../src/aws/client.ts';
import { type CheckKind, checkKinds } from '../../src/checks/kinds.schema.ts';
import { loadCheck } from '../../src/checks/kinds.ts';
import type { Answer } from '../../src/release/check.ts';
import type { Json } from '../../src/release/json.ts';
import { type AwsWorld, startAws } from '../support/aws/world.ts';
import { asking } from './asking.ts';

export type Watched = {
  world: AwsWorld;
  /** Asks a check as the plan writes it. */
  ask(kind: CheckKind, written: object, signal?: AbortSignal): Promise<Answer>;
  stop(): Promise<void>;
};

/** An AWS of one's own, and checks that find it by themselves as a worker does. */
export async function openWatched(): Promise<Watched> {
  const world = await startAws();
  for (const [name, value] of Object.entries(world.environment)) vi.stubEnv(name, value);
  forgetClients();
  return {
    world,
    async ask(kind, written, signal = new AbortController().signal) {
      const check = await loadCheck(kind);
      return await check.ask(asking<Json>(checkKinds[kind].schema.parse(written) as Json, { signal }));
    },
    async stop() {
      vi.unstubAllEnvs();
      await world.stop();
    },
  };
}
