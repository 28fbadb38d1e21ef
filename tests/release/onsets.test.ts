import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Cell, type CellState, gather, openCells } from '../../src/release/onsets.ts';

const grounds = { cellMs: 1_000, spellMs: 5_000, usual: 10 };

/** Ten requests in each second; `badIn`: how many of them fail. */
function cells(badIn: readonly number[], state: CellState = openCells()): (Cell | null)[] {
  return [...badIn, 0].flatMap((bad, second) => {
    const ended = gather(grounds, state, { atMs: second * 1_000, n: 10, bad });
    return second === 0 ? [] : [ended];
  });
}

function begun(badIn: readonly number[]): number {
  return cells(badIn).filter((cell) => cell !== null && cell.bad > 0).length;
}

describe('where errors begin', () => {
  test('a burst begins once, however long it goes on and however much fails in it', () => {
    expect(begun([0, 0, 1, 0, 0])).toBe(1);
    expect(begun([0, 0, 10, 7, 3, 9, 0])).toBe(1);
    expect(begun([0, 4, 0, 4, 0, 4])).toBe(3);
  });

  test('no bet is on what comes right after an error', () => {
    expect(cells([0, 3, 0, 0]).map((cell) => cell?.bad ?? 'no bet')).toEqual([0, 1, 'no bet', 0]);
  });

  test('what goes on longer than bursts do counts again, so an outage is no single event', () => {
    expect(begun([0, ...Array.from({ length: 16 }, () => 10)])).toBe(4);
  });

  test('a busier second counts less: it has more chances to hold an error', () => {
    const state = openCells();
    gather(grounds, state, { atMs: 0, n: 40, bad: 1 });
    expect(gather(grounds, state, { atMs: 1_000, n: 40, bad: 0 })?.bad).toBe(0.25);
    expect(gather(grounds, openCells(), { atMs: 0, n: 2, bad: 1 })).toBeNull();
    expect(begun([1])).toBe(1);
  });

  test('its state survives being written down at any moment', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(3), { maxLength: 40 }), fc.nat(40), (badIn, cut) => {
        let state = openCells();
        const parts = badIn.map((bad, second) => {
          if (second === cut) state = JSON.parse(JSON.stringify(state)) as CellState;
          return gather(grounds, state, { atMs: second * 1_000, n: 10, bad });
        });
        const whole = openCells();
        expect(parts).toEqual(badIn.map((bad, second) => gather(grounds, whole, { atMs: second * 1_000, n: 10, bad })));
      }),
    );
  });
});
