import { describe, expect, it } from 'vitest';
import { boundOf } from '../../src/cli/bounds.ts';
import { UsageError } from '../../src/cli/failing.ts';

describe('how many rows may be lost', () => {
  it.each([
    ['40', 40],
    ['0', 0],
    [' 12 ', 12],
    ['orders=40', { orders: 40 }],
    ['orders=40,users=2', { orders: 40, users: 2 }],
    ['orders=40, shop.users=0', { orders: 40, 'shop.users': 0 }],
    ['public.orders=1', { orders: 1 }],
    ['constructor=3', { constructor: 3 }],
  ])('%j is understood', (written, bound) => {
    expect(boundOf(written)).toEqual(bound);
  });

  it.each([
    ['', '"" is no bound'],
    ['-1', '"-1" is no bound'],
    ['1.5', '"1.5" is no bound'],
    ['40 %', '"40 %" is no bound'],
    ['all', '"all" is no bound'],
    ['9007199254740993', 'is no bound'],
    ['orders', '"orders" is no bound'],
    ['orders=', '"orders=" is no bound'],
    ['=3', '"=3" is no bound'],
    ['orders=many', '"orders=many" is no bound'],
    ['orders=1=2', '"orders=1=2" is no bound'],
    ['orders=1,', '"" is no bound'],
    ['40,orders=1', '"40" is no bound'],
    ['orders=1,public.orders=2', 'public.orders is named twice'],
  ])('%j is refused and says how it is written', (written, says) => {
    expect(() => boundOf(written)).toThrow(says);
    try {
      boundOf(written);
    } catch (error) {
      expect(error).toBeInstanceOf(UsageError);
      expect(error).toHaveProperty('remedy', expect.stringContaining('--up-to orders=40,users=2'));
    }
  });
});
