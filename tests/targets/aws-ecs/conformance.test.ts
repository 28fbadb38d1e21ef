import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AwsEcsSpec } from '../../../src/targets/aws-ecs/aws-ecs.schema.ts';
import { awsEcs } from '../../../src/targets/aws-ecs/aws-ecs.ts';
import type { EcsState } from '../../../src/targets/aws-ecs/state.ts';
import { findMoto } from '../../support/aws/moto.ts';
import {
  conformance,
  conformanceCases,
  failingCases,
  type MakeWorld,
  withoutRestore,
} from '../../support/conformance.ts';
import { isMissing } from '../../support/tools.ts';
import { type OpenAws, openAws } from './world.ts';

const moto = findMoto();

describe.skipIf(isMissing(moto))('a service of ECS', () => {
  let open: OpenAws;
  beforeAll(async () => {
    open = await openAws();
  }, 60_000);
  afterAll(() => open?.close(), 60_000);

  const worldWith =
    (scaled: boolean): MakeWorld<AwsEcsSpec, EcsState, 'deploy' | 'invalidate'> =>
    async (first) => {
      const world = await open.serviceOf({ count: first === 'absent' ? 0 : 2, ...(scaled ? { scaled: [1, 4] } : {}) });
      await world.push('v2');
      await world.push('v3', { crashes: true });
      const spec = world.specOf({ url: world.url, health: { path: '/version', version: '$.version', timeout: '10s' } });
      return {
        kind: awsEcs,
        spec,
        home: process.cwd(),
        version: 'v2',
        changes: ['deploy'],
        observe: () => world.observe(),
        effects: async () => world.effects(),
        half: {
          spec: { ...spec, image: world.first.reference.replace(/:v1$/, ':v3') },
          change: 'deploy',
          version: 'v3',
        },
        secrets: ['hunter2-secret'],
        close: async () => {},
      };
    };

  conformance('a service with two tasks', worldWith(false));

  /** Where scaling makes a difference; the other promises do not see it. */
  const scaled = [
    'brings back what users saw after a finished change',
    'puts back what it held',
    'goes back to what ran before a hold',
  ];
  it.each(conformanceCases(worldWith(true)).filter(({ title }) => scaled.includes(title)))(
    'scaled: $title',
    ({ run }) => run(),
    60_000,
  );

  it('fails for a target whose restore does nothing', async () => {
    const failed = await failingCases(conformanceCases(withoutRestore(worldWith(false))).slice(0, 4));
    expect(failed).toEqual([
      'brings back what users saw after a finished change',
      'brings back what users saw after a change that stopped half way',
      'brings back nothing where there was nothing',
    ]);
  }, 120_000);
});
