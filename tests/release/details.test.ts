import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { waysToAnswer } from '../../src/release/answering.ts';
import { currentDetails, staticSummary } from '../../src/release/details.ts';
import { duration } from '../../src/release/wording.ts';
import { at, done, gate, going, step, wentBack } from '../report/releases.ts';

describe('the current details in the Temporal UI', () => {
  it('never pass 20,000 bytes, and say what was left out', () => {
    const text = '💥 `x` | <img src=x onerror=alert(1)> '.repeat(40);
    const steps = Array.from({ length: 400 }, (_, index) =>
      step(`step ${index} ${text}`, { state: 'done', detail: text }),
    );
    const notes = Array.from({ length: 100 }, () => text);
    const details = currentDetails(going({ steps, notes, question: { ...gate, why: text.repeat(5) } }));
    expect(Buffer.byteLength(details)).toBeLessThanOrEqual(20_000);
    expect(details).toMatch(/… \d+ more lines: `savepoint status` shows all of them/);
    expect(details).toContain('### Notes');
    expect(details).toContain('savepoint approve');
    expect(details).not.toMatch(/(?<!\\)<img/);
  });

  it('stay within the limit whatever people write', () => {
    const anything = fc.string({ unit: 'grapheme', maxLength: 4000 });
    fc.assert(
      fc.property(anything, fc.nat(200), (text, count) => {
        const steps = Array.from({ length: count }, () => step(text, { detail: text }));
        const refusals = Array.from({ length: count }, () => ({ at: at(1), message: text, by: text, reason: text }));
        const details = currentDetails(going({ steps, refusals, question: { ...gate, text, why: text } }));
        return Buffer.byteLength(details) <= 20_000;
      }),
      { numRuns: 60 },
    );
  });

  it('show for each answer the command and the body of the signal', () => {
    expect(
      currentDetails(going({ phase: 'go/no-go', question: gate })),
    ).toBe(`**shop production v2** · phase \`go/no-go\` · asked for by deployment-lead

### Release shop v2 to production?

- database (postgres) → v2, migration backward (claimed)

Who: deployment-lead, product-owner; not deployment-lead, who asked for the release · asked 2026-03-07 02:00:10 UTC

Until 2026-03-07 03:00:10 UTC; without an answer the answer is \`expire\`.

Answer with a command in a terminal, or on this page: **More Actions** → **Send an Update** or **Send a Signal**, choose the name, paste the data.

**Go**
\`\`\`sh
savepoint approve release/shop/production --by product-owner \\
  --digest 3fe55f515a29
\`\`\`
or \`approve\` with
\`\`\`json
{
  "by": "product-owner",
  "digest": "3fe55f515a295a58e670a36784c70125"
}
\`\`\`
**No-go**
\`\`\`sh
savepoint reject release/shop/production --by product-owner \\
  --reason 'why'
\`\`\`
or \`reject\` with
\`\`\`json
{
  "by": "product-owner",
  "reason": "why"
}
\`\`\``);
  });

  it('break a wide command only where a shell reads on', () => {
    const deciders = ["the --one 'who' decides"];
    const details = currentDetails(going({ question: { ...gate, deciders } }));
    expect(details).toContain(`savepoint approve release/shop/production --by 'the --one '\\''who'\\'' decides' \\
  --digest 3fe55f515a29`);
  });

  it('show a message that was just refused before the question that it meant to answer', () => {
    const refused = { at: at(11), message: 'approve', by: 'intern', reason: 'intern may not answer this' };
    const earlier = { ...refused, at: at(1), reason: 'nothing was asked' };
    const details = currentDetails(going({ question: gate, refusals: [earlier, refused], steps: [step('deploy')] }));
    const order = [
      '### Refused just now\n- 2026-03-07 02:00:11',
      '### Release shop',
      '### Refused messages\n- 2026-03-07 02:00:01',
    ];
    const places = order.map((text) => details.indexOf(text));
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(places).not.toContain(-1);
  });

  it('keep lines, paragraphs and lists of what others wrote, and none of its markup', () => {
    const why = 'pages answer: *500* <b>\nat http://shop/\n\n- order_lines\n- --flag\nlast';
    expect(currentDetails(going({ question: { ...gate, why } }))).toContain(`### Release shop v2 to production?

pages answer: \\*500\\* \\<b\\>\\
at http://shop/

- order\\_lines
- \\-\\-flag

last

Who:`);
  });

  it('say what is still to come in one line, and what never ran', () => {
    const ended = ['deploy backend', 'smoke'].map((id) => step(id, { state: 'skipped' }));
    const steps = [done('prepare backend', 1, 20), step('deploy backend'), step('smoke')];
    expect(currentDetails(going({ steps }))).toContain(
      '- ✔ prepare backend · 20 ms\n- · still to come: deploy backend → smoke',
    );
    expect(currentDetails(going({ steps: ended }))).toContain('- – never ran: deploy backend → smoke');
  });

  it('show what was seen when something failed, as it was printed', () => {
    const failure = {
      kind: 'failed',
      message: 'exit code 1',
      evidence: 'GET / → 500\n```',
      remedy: 'see the log',
    } as const;
    const details = currentDetails(going({ failedStep: 'smoke', failure, outcome: 'stopped' }));
    expect(details).toBe(`**shop production v2** · **stopped**: nothing was changed · asked for by deployment-lead

✘ **smoke** failed: exit code 1

\`\`\`text
GET / → 500
'''
\`\`\`

→ see the log`);
  });

  it('show the way back: what failed, what was restored, how each part was proved, who was refused', () => {
    expect(
      currentDetails(wentBack),
    ).toBe(`**shop production v2** · **rolled-back**: everything that had to go back is back · rows lost: 0 rows · asked for by deployment-lead

✘ **migrate database** failed: 003.sql: column "\\<b\\>price\\</b\\>" \\| exists

### Restored
- ↩ database · restored · **proved by content** · users cut off 850 ms · kept: \`shop_superseded_run1\`
  - structure: catalogue
  - content: orders, order\\_lines

### Steps
- ✔ snapshot database · 400 ms
- ✘ migrate database · 1.2 s
  - ✘ failed: 003.sql: column "\\<b\\>price\\</b\\>" \\| exists
- – never ran: deploy backend

### Refused messages
- 2026-03-07 02:00:11 UTC \`approve\` by intern: intern may not answer this`);
  });
});

describe('answers', () => {
  it('to a failure name their question, and are quoted where a shell would split them', () => {
    const choices = [{ id: 'restore-code', label: 'Back', needsReason: true }];
    const question = { ...gate, id: 'smoke #2', kind: 'failure', choices, barred: null } as const;
    expect(waysToAnswer(going(), { ...question, choices })).toEqual([
      {
        choice: choices[0],
        signal: 'decide',
        command:
          "savepoint decide restore-code release/shop/production --by deployment-lead --question 'smoke #2' --reason 'why'",
        body: { by: 'deployment-lead', question: 'smoke #2', choice: 'restore-code', reason: 'why' },
      },
    ]);
  });
});

describe('wording', () => {
  it('a summary fits into 400 bytes', () => {
    expect(staticSummary('shop', 'production', 'v2')).toBe('shop production v2');
    expect(Buffer.byteLength(staticSummary('🛒'.repeat(300), 'production', 'v2'))).toBeLessThanOrEqual(400);
  });

  it.each([
    [0, '0 ms'],
    [999, '999 ms'],
    [1234, '1.2 s'],
    [59_999, '1 min'],
    [125_000, '2 min 5 s'],
    [3_599_900, '1 h'],
    [12_000_000, '3 h 20 min'],
    [172_800_000, '2 d'],
    [null, 'not measured'],
  ])('%s ms reads %s', (ms, text) => {
    expect(duration(ms)).toBe(text);
  });
});
