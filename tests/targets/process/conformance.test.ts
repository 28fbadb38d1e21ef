import { describe, expect, it } from 'vitest';
import type { ProcessSpec } from '../../../src/targets/process/process.schema.ts';
import { process as kind } from '../../../src/targets/process/process.ts';
import type { ProcessState } from '../../../src/targets/process/proof.ts';
import {
  conformance,
  conformanceCases,
  failingCases,
  type MakeWorld,
  withoutRestore,
} from '../../support/conformance.ts';
import { deployed, openWorld } from './world.ts';

function worldWith(ports: number): MakeWorld<ProcessSpec, ProcessState, 'deploy'> {
  return async (first) => {
    const world = await openWorld({ ports });
    if (first === 'running') await deployed(world, 'v1');
    return {
      kind,
      spec: world.specOf('v2'),
      home: world.home,
      version: 'v2',
      changes: ['deploy'],
      observe: () => world.see(),
      effects: async () => world.ledger.entries().map(({ what, detail }) => `${what} ${detail}`),
      half: {
        spec: world.specOf('v3', { health: { timeout: '4s', every: '30ms', version: '$.version' } }),
        change: 'deploy',
        version: 'v3',
      },
      secrets: ['hunter2-secret'],
      close: () => world.close(),
    };
  };
}

conformance('process with a second port', worldWith(2));
conformance('process with one port', worldWith(1));

describe('the conformance suite on processes', () => {
  it('fails for a target whose restore does nothing', async () => {
    const failed = await failingCases(conformanceCases(withoutRestore(worldWith(2))).slice(0, 4));
    expect(failed).toEqual([
      'brings back what users saw after a finished change',
      'brings back what users saw after a change that stopped half way',
      'brings back nothing where there was nothing',
    ]);
  }, 60_000);
});
