import { expect, it } from 'vitest';
import type { KindTraits } from '../../src/release/target.ts';
import { targetKinds } from '../../src/targets/kinds.schema.ts';
import { loadTarget } from '../../src/targets/kinds.ts';

it('loads every kind that a plan may name, with the verbs that its traits promise', async () => {
  for (const [name, kindOf] of Object.entries(targetKinds)) {
    const traits: KindTraits = kindOf.traits;
    const kind = await loadTarget(name);
    expect(
      [
        typeof kind.prepare,
        typeof kind.hold,
        typeof kind.resume,
        typeof kind.compare,
        typeof kind.confirm,
        typeof kind.kept,
        typeof kind.discard,
      ],
      name,
    ).toEqual([
      traits.prepares ? 'function' : 'undefined',
      traits.holds ? 'function' : 'undefined',
      traits.holds ? 'function' : 'undefined',
      traits.stores ? 'function' : 'undefined',
      traits.confirms ? 'function' : 'undefined',
      traits.keeps ? 'function' : 'undefined',
      traits.keeps ? 'function' : 'undefined',
    ]);
  }
});

it('lists the kinds when there is none of that name', async () => {
  await expect(loadTarget('toString')).rejects.toMatchObject({
    kind: 'invalid-input',
    details: { remedy: expect.stringContaining('postgres, process, site') },
  });
});
