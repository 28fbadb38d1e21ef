import { appendFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Timed } from '../release/baseline.ts';
import type { Json } from '../release/json.ts';
import { shortRelease } from '../release/naming.ts';
import type { Place } from './inputs.ts';

/** Real milliseconds between two writes: a worker that is killed takes no more than that with it. */
const writeEveryMs = 1_000;

/** A folder that does not answer, such as a share that is gone, holds nobody up for longer. */
const patienceMs = 5_000;

/** `record`: the file, relative to the records folder. `notKept`: why there is none, or not all of it. */
export type Kept = { record: string } | { notKept: string };

/** `name`: unique in the release, such as `watch-2026-11-21T22-00-00-000Z`. `head`: what it is; the first line. */
type Order<T> = {
  place: Place;
  name: string;
  attempt: number;
  head: { [key: string]: Json };
  summaryOf: (result: T) => Json;
};

/**
 * Keeps what decisions rest on: lines of JSON in `records`, written about once a second while `work` adds them. The first
 * line says what was measured, the last one (`summary`) what came of it; a file without it was cut off. Each attempt has a
 * file of its own, so that nobody else writes to it. Records that cannot be written never fail the work. Nothing secret may
 * be added.
 */
export async function keepingEvidence<T>(
  order: Order<T>,
  work: (add: (line: Json) => void) => Promise<T>,
): Promise<{ result: T; kept: Kept }> {
  const { place, name, attempt, head, summaryOf } = order;
  const { application, environment, release, records } = place;
  const record = join(application, environment, 'evidence', shortRelease(release), `${name}.${attempt}.ndjson`);
  const pages = pagesOf(join(records, record));
  pages.add({ schemaVersion: 1, attempt, ...head });
  const timer = setInterval(() => void pages.write(), writeEveryMs);
  try {
    const result = await work(pages.add);
    pages.add({ summary: summaryOf(result) });
    const problem = await pages.write();
    return { result, kept: problem === null ? { record } : { notKept: problem } };
  } finally {
    clearInterval(timer);
    await pages.write();
  }
}

/** One sample: milliseconds, or what the wrong answer said. */
export function lineOf({ atMs, sample }: Timed, said: string | null): { [key: string]: Json } {
  return sample === null ? { atMs, failed: said ?? '' } : { atMs, ms: Math.round(sample * 10) / 10 };
}

/** A moment as a part of a file's name. */
export function stampOf(ms: number): string {
  return new Date(ms).toISOString().replaceAll(/[:.]/g, '-');
}

type Pages = { add: (line: Json) => void; write: () => Promise<string | null> };

function pagesOf(file: string): Pages {
  let lines: string[] = [];
  let problem: string | null = null;
  let before: Promise<void> | null = null;
  const append = async (): Promise<void> => {
    if (lines.length === 0 || problem !== null) return;
    const text = `${lines.join('\n')}\n`;
    lines = [];
    try {
      if (before === null) await mkdir(join(file, '..'), { recursive: true });
      await appendFile(file, text);
    } catch (error) {
      problem = `the records folder cannot be written: ${codeOf(error)}`;
    }
  };
  return {
    add: (line) => {
      if (problem === null) lines.push(JSON.stringify(line));
    },
    write: async () => {
      before = before === null ? append() : before.then(append);
      return (await inTime(before)) ? problem : 'the records folder does not answer';
    },
  };
}

async function inTime(work: Promise<void>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), patienceMs);
  });
  const done = await Promise.race([work.then(() => true), late]);
  clearTimeout(timer);
  return done;
}

/** Such as `ENOSPC`: the whole message would tell where the worker keeps its files. */
function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'it failed';
}
