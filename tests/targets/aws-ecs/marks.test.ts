import { describe, expect, it } from 'vitest';
import { keyHash } from '../../../src/aws/owner.ts';
import {
  fenceIn,
  type Held,
  heldIn,
  heldMarkNames,
  heldMarks,
  type Intent,
  intentIn,
  intentMarks,
  ownIntent,
} from '../../../src/targets/aws-ecs/marks.ts';

/** What tags of ECS may hold (API reference, Tag). */
const allowed = /^[\p{L}\p{N}\p{Z}+\-=._:/@]{0,256}$/u;

const held: Held = {
  desired: 3,
  sinceMs: 1_795_000_000_000,
  scaling: { in: false, out: true, scheduled: false },
  version: 'v1.4.0 "beta", {x}',
  images: { app: `sha256:${'a'.repeat(64)}`, 'log-router': `sha256:${'b'.repeat(64)}` },
};
const intent: Intent = {
  key: keyHash('r/backend/deploy'),
  revision: 'financial-rise-backend:104',
  before: '1234567890123456789',
  ours: '',
  atMs: 1_795_000_000_000,
  sent: false,
};

describe('marks on a service', () => {
  it.each([[held], [{ ...held, scaling: null, version: null, images: {} }]])('keep a hold as it was: %o', (one) => {
    const marks = heldMarks(one);
    for (const value of Object.values(marks)) expect(value).toMatch(allowed);
    expect(heldIn({ ...marks, team: 'shop' })).toEqual(one);
    expect(heldMarkNames({ ...marks, team: 'shop' }).sort()).toEqual(Object.keys(marks).sort());
  });

  it('tell that nothing is held', () => {
    expect(heldIn({ team: 'shop' })).toBeNull();
  });

  it.each([[intent], [{ ...intent, before: '', ours: '99', sent: true }]])('keep an intent as it was: %o', (one) => {
    const marks = intentMarks(one);
    for (const value of Object.values(marks)) expect(value).toMatch(allowed);
    expect(intentIn(marks)).toEqual(one);
  });

  it('tell the intent of a call from that of another', () => {
    const marks = intentMarks(intent);
    expect(ownIntent(marks, { key: 'r/backend/deploy' })).toEqual(intent);
    expect(ownIntent(marks, { key: 'r/backend/restore' })).toBeNull();
  });

  it('begin with no fence at all', () => {
    expect(fenceIn({})).toBe(0);
    expect(fenceIn({ 'savepoint:fence': '1795000000000001' })).toBe(1_795_000_000_000_001);
  });
});
