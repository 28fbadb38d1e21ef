import { describe, expect, it } from 'vitest';
import { lossesInWords, waysToAnswer, whoAnswers } from '../../src/release/answering.ts';
import { currentDetails } from '../../src/release/details.ts';
import type { Loss, TableLoss } from '../../src/release/loss.ts';
import type { Question } from '../../src/release/status.ts';
import { questionLines } from '../../src/report/lines.ts';
import { progress } from '../../src/report/progress.ts';
import { at, gate, going } from '../report/releases.ts';

function table(name: string, more: Partial<TableLoss> = {}): TableLoss {
  return { table: name, by: 'key', added: 0, changed: 0, removed: 0, marked: 0, own: 0, ignored: false, ...more };
}

function lossOf(...tables: TableLoss[]): Loss {
  const rows = tables.reduce((sum, each) => sum + each.added + each.changed + each.removed - each.marked, 0);
  return { measuredAt: at(20), held: false, rows, tables, notCompared: [] };
}

const ids = ['restore-code', 'carry-over-and-restore', 'export-and-restore', 'restore-full', 'retry', 'stay'];

function asked(losses?: Question['losses'], more: Partial<Question> = {}): Question {
  const choices = ids.map((id) => ({ id, label: id, needsReason: id !== 'retry' }));
  const own = { id: 'after smoke', kind: 'failure', text: 'smoke failed. What now?', choices, barred: null } as const;
  return { ...gate, ...own, digest: null, why: 'it failed', ...(losses === undefined ? {} : { losses }), ...more };
}

/** Choice → what its command says after the question, and the bound in the body of its signal. */
function bounds(question: Question): Record<string, [string | undefined, unknown]> {
  const ways = waysToAnswer(going({ question }), question);
  return Object.fromEntries(
    ways.map(({ choice, command, body }) => [
      choice.id,
      [/--up-to (\S+)/.exec(command)?.[1], Reflect.get(Object(body), 'upTo')],
    ]),
  );
}

const orders = table('public.orders', { added: 12, changed: 1, marked: 1 });
const users = table('public.users', { added: 2 });
const sessions = table('public.sessions', { added: 900, ignored: true });

describe('a question whose loss was measured', () => {
  it('shows the bound in the command of each answer that can undo rows, and in no other', () => {
    const tables = { orders: 12, users: 2 };
    expect(bounds(asked([{ target: 'database', loss: lossOf(orders, users, sessions) }]))).toEqual({
      'restore-code': [undefined, undefined],
      'carry-over-and-restore': ['0', 0],
      'export-and-restore': ['orders=12,users=2', tables],
      'restore-full': ['orders=12,users=2', tables],
      retry: [undefined, undefined],
      stay: [undefined, undefined],
    });
  });

  it('shows the sum where tables of two databases have the same name, or a shell could not spell one', () => {
    const twice = [
      { target: 'database', loss: lossOf(orders) },
      { target: 'ledger', loss: lossOf(table('public.orders', { removed: 3 })) },
    ];
    expect(bounds(asked(twice))['restore-full']).toEqual(['15', 15]);
    const odd = [{ target: 'database', loss: lossOf(table("public.order's, lines=x", { added: 4 })) }];
    expect(bounds(asked(odd))['restore-full']).toEqual(['4', 4]);
  });

  it('shows nothing to approve where nothing counts, and no bound where nobody measured', () => {
    expect(bounds(asked([{ target: 'database', loss: lossOf(sessions) }]))['restore-full']).toEqual(['0', 0]);
    expect(bounds(asked())['restore-full']).toEqual([undefined, undefined]);
  });

  it('says what going back would undo, at the terminal and in the Temporal UI', () => {
    const question = asked([{ target: 'database', loss: { ...lossOf(orders), notCompared: ['ledger: no rights'] } }]);
    const words =
      'database: going back would undo at the moment about 12 rows: public.orders 12 added, 1 changed (1 by smoke tests)';
    expect(lossesInWords(question)).toEqual([words, 'database, not compared: ledger: no rights']);
    expect(questionLines(going({ question }), question).map(({ text }) => text)).toContain(`    ${words}`);
    expect(currentDetails(going({ question }))).toContain('- database: going back would undo at the moment about 12');
  });

  it('says it once where the text of the question says it already', () => {
    const why = 'Writers work again.\n\ndatabase: 12 rows: public.orders 12 added, 1 changed (1 by smoke tests)';
    expect(lossesInWords(asked([{ target: 'database', loss: lossOf(orders) }], { why }))).toEqual([]);
  });

  it('is told again to whoever follows, once the numbers are there, and then not a third time', () => {
    const before = going({ question: asked() });
    const now = going({ question: asked([{ target: 'database', loss: lossOf(orders) }]) });
    const text = progress(before, now).map((line) => line.text);
    expect(text).toContain('? smoke failed. What now?');
    expect(text.join('\n')).toContain('--up-to orders=12');
    expect(progress(now, now)).toEqual([]);
  });

  it('breaks the command before --up-to, so that nothing of it is cut off', () => {
    const details = currentDetails(
      going({ question: asked([{ target: 'database', loss: lossOf(orders, users) }], { choices: [restoreFull] }) }),
    );
    expect(details).toContain("--question 'after smoke' \\\n  --up-to orders=12,users=2 --reason 'why'");
  });
});

const restoreFull = { id: 'restore-full', label: 'Back', needsReason: true };

describe('who is asked', () => {
  it('is shown with how to reach them, where the plan says it', () => {
    const question = asked(undefined, { contacts: { 'product-owner': 'on-call phone, tel. 100' }, needs: 2 });
    const words = 'deployment-lead, product-owner (on-call phone, tel. 100), 2 needed';
    expect(whoAnswers(question)).toBe(words);
    expect(questionLines(going({ question }), question).map(({ text }) => text)).toContain(`    who: ${words}`);
    expect(currentDetails(going({ question }))).toContain(`Who: ${words}`);
  });
});
