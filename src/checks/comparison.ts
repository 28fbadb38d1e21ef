/** The ways in which a value can be on the wrong side, as a plan writes them. */
type Written = {
  above?: number | undefined;
  atLeast?: number | undefined;
  below?: number | undefined;
  atMost?: number | undefined;
};

export type Comparison = { word: keyof Written; than: number };

/** The comparison that is written, null without one; a plan holds at most one. */
export function comparisonOf({ above, atLeast, below, atMost }: Written): Comparison | null {
  if (above !== undefined) return { word: 'above', than: above };
  if (atLeast !== undefined) return { word: 'atLeast', than: atLeast };
  if (below !== undefined) return { word: 'below', than: below };
  return atMost === undefined ? null : { word: 'atMost', than: atMost };
}

const meanings: Readonly<
  Record<Comparison['word'], { words: string; isBad: (value: number, than: number) => boolean }>
> = {
  above: { words: 'above', isBad: (value, than) => value > than },
  atLeast: { words: 'at least', isBad: (value, than) => value >= than },
  below: { words: 'below', isBad: (value, than) => value < than },
  atMost: { words: 'at most', isBad: (value, than) => value <= than },
};

export function inWords({ word, than }: Comparison): string {
  return `${meanings[word].words} ${than}`;
}

export function isBeyond(value: number, { word, than }: Comparison): boolean {
  return meanings[word].isBad(value, than);
}
