import { appendFileSync, closeSync, existsSync, openSync, readFileSync } from 'node:fs';

/**
 * - `arrived`: an attempt of an activity came to a worker, nothing was called yet · `answered`: it has its result
 * - `struck`: here the strike happens · `held`: the attempt waits until `letGo`, with a heartbeat
 */
export type JournalWord = 'arrived' | 'answered' | 'struck' | 'held';
export type JournalEntry = {
  at: number;
  pid: number;
  what: JournalWord;
  point: string;
  attempt: number;
  activityId: string;
  /** Of the effect; null for what has none. */
  key: string | null;
};

/** What the workers of one case tell: an append-only file that all of them and the test share. */
export type Journal = {
  note(entry: Omit<JournalEntry, 'at' | 'pid'>): void;
  entries(what?: JournalWord): JournalEntry[];
  /** The name of an activity in its release: `migrate database`, and `survey database #2` when it comes again. */
  nameOf(what: string, activityId: string): string;
  /** True for the first who asks, in whichever process. */
  claim(): boolean;
  letGo(): void;
  isLetGo(): boolean;
};

export function openJournal(file: string): Journal {
  const entries = (what?: JournalWord): JournalEntry[] => {
    const all = read(file).map((line) => JSON.parse(line) as JournalEntry);
    return what === undefined ? all : all.filter((entry) => entry.what === what);
  };
  return {
    note: (entry) => appendFileSync(file, `${JSON.stringify({ at: Date.now(), pid: process.pid, ...entry })}\n`),
    entries,
    nameOf(what, activityId) {
      const arrived = entries('arrived');
      const known = arrived.find((entry) => entry.activityId === activityId);
      if (known !== undefined) return known.point;
      const same = arrived.filter(({ point, attempt }) => attempt === 1 && withoutNumber(point) === what).length;
      return same === 0 ? what : `${what} #${same + 1}`;
    },
    claim: () => touch(`${file}.claimed`),
    letGo: () => void touch(`${file}.go`),
    isLetGo: () => existsSync(`${file}.go`),
  };
}

export function withoutNumber(point: string): string {
  return point.replace(/ #\d+$/, '');
}

function touch(file: string): boolean {
  try {
    closeSync(openSync(file, 'wx'));
    return true;
  } catch {
    return false;
  }
}

function read(file: string): string[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '');
}
