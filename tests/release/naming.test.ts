import { describe, expect, test } from 'vitest';
import { failureKinds, TargetFailure } from '../../src/release/failure.ts';
import { shortRelease } from '../../src/release/naming.ts';

describe('the short name of a release', () => {
  test.each([
    ['0192F3A4-5B6C-7D8E-9F01-23456789ABCD', '6789abcd'],
    ['run-1', '0000run1'],
    ['', '00000000'],
    ['a_b.c/d:e f', '00abcdef'],
  ])('%s is %s', (release, short) => {
    expect(shortRelease(release)).toBe(short);
  });
});

describe('a failure of a target', () => {
  test('carries its kind, its details and its cause', () => {
    const cause = new Error('below');
    const failure = new TargetFailure('busy', 'somebody is in', { remedy: 'wait' }, cause);
    expect(failure).toMatchObject({ name: 'TargetFailure', kind: 'busy', message: 'somebody is in', cause });
    expect(failure.details).toEqual({ remedy: 'wait' });
    expect('cause' in new TargetFailure('failed', 'alone')).toBe(false);
    expect(new TargetFailure('failed', 'alone').details).toEqual({});
  });

  test('is worth a retry only where waiting may help', () => {
    const again = Object.entries(failureKinds).filter(([, { final }]) => !final);
    expect(again.map(([kind]) => kind).sort()).toEqual(['busy', 'unreachable']);
  });
});
