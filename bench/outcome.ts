/** A further comparison beside the headline of a measurement. `peer` and `ratio` are null where there is none. */
export type Also = { what: string; ours: number; peer: number | null; unit: string; ratio: number | null };

/**
 * What one measurement found. `ratio`: ours divided by the peer's, measured in the same run. `target` in words, null where
 * none was set; `met` is null then. `notes`: how the numbers were made, for whoever doubts them.
 */
export type Outcome = {
  id: string;
  what: string;
  ours: number;
  peer: number | null;
  unit: string;
  ratio: number | null;
  target: string | null;
  met: boolean | null;
  also: Also[];
  notes: string[];
};

/** Four digits say what a measurement is worth; what was counted stays as it is. */
export function rounded(value: number): number {
  return Number.isInteger(value) ? value : Number(value.toPrecision(4));
}

/** One comparison with its ratio. */
export function compared(what: string, unit: string, { ours, peer }: { ours: number; peer: number | null }): Also {
  const ratio = peer === null || peer === 0 ? null : rounded(ours / peer);
  return { what, ours: rounded(ours), peer: peer === null ? null : rounded(peer), unit, ratio };
}

/** One line for people. */
export function lineOf({ id, what, ours, peer, unit, ratio, target, met }: Outcome): string {
  const against = peer === null ? '' : `, peer ${peer} ${unit}`;
  const compare = ratio === null ? '' : `, ratio ${ratio}`;
  const judged = target === null ? '' : `, target ${target}: ${met === true ? 'met' : 'MISSED'}`;
  return `${id}  ${what}: ours ${ours} ${unit}${against}${compare}${judged}`;
}

export function alsoLine({ what, ours, peer, unit, ratio }: Also): string {
  return `     ${what}: ${ours} ${unit}${peer === null ? '' : ` against ${peer} ${unit}`}${ratio === null ? '' : `, ratio ${ratio}`}`;
}
