import { appendFileSync, readFileSync } from 'node:fs';
import type { Json } from '../../src/release/json.ts';

/** One effect as the world saw it. `at`: milliseconds since 1970. `who`: a service, a database, a front. */
export type LedgerEntry = { at: number; pid: number; who: string; what: string; detail: Json };

export type Ledger = {
  file: string;
  note(who: string, what: string, detail?: Json): void;
  /** In the order in which they happened. `what`: only entries that say so. */
  entries(what?: string): LedgerEntry[];
};

/**
 * An append-only log that the world writes and Savepoint does not know: services, fronts and commands under test
 * append to it (with `note` or with `ledgerSnippet`), tests judge by it.
 */
export function openLedger(file: string): Ledger {
  return {
    file,
    note(who, what, detail = null) {
      const entry: LedgerEntry = { at: Date.now(), pid: process.pid, who, what, detail };
      appendFileSync(file, `${JSON.stringify(entry)}\n`);
    },
    entries(what) {
      const all = readLines(file).map((line) => JSON.parse(line) as LedgerEntry);
      return what === undefined ? all : all.filter((entry) => entry.what === what);
    },
  };
}

function readLines(file: string): string[] {
  try {
    return readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line !== '');
  } catch {
    return [];
  }
}

/** Source text for services written by tests: gives them `note(what, detail)`; needs LEDGER and WHO in their environment. */
export const ledgerSnippet = `
import { appendFileSync as appendToLedger } from 'node:fs';
function note(what, detail = null) {
  const entry = { at: Date.now(), pid: process.pid, who: process.env.WHO ?? 'service', what, detail };
  appendToLedger(process.env.LEDGER, JSON.stringify(entry) + '\\n');
}
`;
