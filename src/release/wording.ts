import type { Level, Proof } from './fingerprint.ts';
import type { RestoredTarget, StepState, StepStatus } from './status.ts';

/** How people read a time span: `340 ms`, `1.2 s`, `2 min 5 s`, `3 h 20 min`, `2 d 4 h`. Null becomes `not measured`. */
export function duration(ms: number | null): string {
  if (ms === null) return 'not measured';
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return pair(Math.floor(seconds / 60), 'min', seconds % 60, 's');
  const minutes = Math.round(seconds / 60);
  if (minutes < 24 * 60) return pair(Math.floor(minutes / 60), 'h', minutes % 60, 'min');
  const hours = Math.round(minutes / 60);
  return pair(Math.floor(hours / 24), 'd', hours % 24, 'h');
}

function pair(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}

/** Milliseconds between two ISO times, null while either is missing. */
export function spanMs(from: string | null, to: string | null): number | null {
  if (from === null || to === null) return null;
  const span = Date.parse(to) - Date.parse(from);
  return Number.isFinite(span) ? Math.max(0, span) : null;
}

/** An ISO time as people read it: `2026-03-07 02:15:09 UTC`. What is no time is given back unchanged. */
export function moment(iso: string): string {
  const match = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2})(?:\.\d+)?Z$/.exec(iso);
  return match ? `${match[1]} ${match[2]} UTC` : iso;
}

/** `proved by content`, or that nothing was proved; a bare "proved" does not exist. */
export function proved(level: Level | 'unproved'): string {
  if (level === 'unproved') return 'not proved';
  if (level === 'nothing') return 'nothing to prove';
  if (level === 'declared') return 'declared by a command, not proved';
  return `proved by ${level}`;
}

/** Parts of a proof by level, in order of appearance: `content: orders, users`. */
export function partsByLevel(proof: Proof): { level: Level; names: string[] }[] {
  const groups: { level: Level; names: string[] }[] = [];
  for (const part of proof.parts) {
    const group = groups.find((each) => each.level === part.level);
    if (group) group.names.push(part.name);
    else groups.push({ level: part.level, names: [part.name] });
  }
  return groups;
}

export const stepGlyphs: Record<StepState, string> = {
  waiting: '·',
  running: '▸',
  done: '✔',
  failed: '✘',
  skipped: '–',
  kept: '!',
  'by-hand': '✔',
};

export const restoreGlyphs: Record<RestoredTarget['state'], string> = {
  waiting: '·',
  running: '▸',
  restored: '↩',
  unchanged: '=',
  failed: '✘',
  skipped: '–',
  'by-hand': '↩',
};

/** What a step's state means where its mark alone would not say it. */
export const stepWords: Partial<Record<StepState, string>> = {
  skipped: 'skipped',
  kept: 'failed, kept by decision',
  'by-hand': 'done by hand',
};

/** What a restore's state means in one or two words. */
export const restoreWords: Record<RestoredTarget['state'], string> = {
  waiting: 'to be restored',
  running: 'being restored',
  restored: 'restored',
  unchanged: 'was never changed',
  failed: 'NOT restored',
  skipped: 'skipped by decision',
  'by-hand': 'restored by hand',
};

/** How long a step took: null while it runs or when it never ran. */
export function stepSpanMs(step: StepStatus): number | null {
  return spanMs(step.startedAt, step.endedAt);
}

/** `not measured` and 0 are different answers. */
export function rows(count: number | null): string {
  if (count === null) return 'not measured';
  return count === 1 ? '1 row' : `${count} rows`;
}

/** Such as `12 samples, 40 synthetic`. */
export function samplesInWords({ samples, synthetic }: { samples: number; synthetic?: number }): string {
  return synthetic === undefined ? `${samples} samples` : `${samples} samples, ${synthetic} synthetic`;
}
