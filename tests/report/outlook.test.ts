import { describe, expect, it } from 'vitest';
import { outlook } from '../../src/report/outlook.ts';
import { planDetails } from '../../src/report/plan-details.ts';
import { planLines } from '../../src/report/plan-lines.ts';
import { leadsTo, shopPlan, stepOf, turnsOf } from './outlooks.ts';

const smoke = [{ name: 'it answers', kind: 'command', run: ['true'] }];
const watch = { schedule: [{ every: '15m', for: '4h' }], checks: [{ ...smoke[0], name: 'it still answers' }] };

describe('the table of a backward migration', () => {
  it('says for every state of the database what is restored and what is asked', async () => {
    const table = outlook(await shopPlan({ database: { compatibility: 'backward' } }));
    expect(leadsTo(table, 'snapshot database')).toEqual(['it fails → stops; nothing was changed']);
    expect(leadsTo(table, 'migrate database')).toEqual([
      'it fails and database equals its savepoint → restores nothing; database is proved unchanged',
      'it fails and database differs from its savepoint or cannot be compared → asks: restore-database, stay (silence: people are paged)',
    ]);
    expect(leadsTo(table, 'deploy backend')).toEqual(['it fails → restores backend (code)']);
    expect(leadsTo(table, 'deploy frontend')).toEqual(['it fails → restores frontend, backend (code)']);
  });

  it('tells no loss, some loss and an unknown loss apart where the loss can be measured', async () => {
    const table = outlook(await shopPlan({}, { measures: true }));
    expect(leadsTo(table, 'migrate database').slice(1)).toEqual([
      'it fails and database differs from its savepoint or cannot be compared and no row would be lost → restores database (database)',
      'it fails and database differs from its savepoint or cannot be compared and rows would be lost or the loss cannot be measured → asks: carry-over-and-restore, export-and-restore, restore-database, stay (silence: people are paged)',
    ]);
  });

  it('goes back by itself within the bounds of the plan, and says how many rows that may cost', async () => {
    const more = { rollback: { dataLoss: { allow: { rows: 5, within: '30m' } } } };
    const table = outlook(await shopPlan({ more }, { measures: true }));
    expect(leadsTo(table, 'migrate database')).toContain(
      'it fails and database differs from its savepoint or cannot be compared and at most 5 rows would be lost, within 30 min of the savepoint → restores database (database, at most 5 rows are lost)',
    );
  });

  it('offers nothing that loses rows where the plan refuses every loss', async () => {
    const more = { rollback: { dataLoss: 'refuse' } };
    const table = outlook(await shopPlan({ more }, { measures: true }));
    const offered = stepOf(table, 'migrate database').prospects.flatMap(({ choices }) => choices.map(({ id }) => id));
    expect(offered).toContain('carry-over-and-restore');
    expect(offered).not.toContain('restore-database');
    expect(offered).not.toContain('export-and-restore');
  });

  it('asks long after the change unless somebody saw the previous code run on the new schema', async () => {
    const found = leadsTo(outlook(await shopPlan({ more: { watch } })), 'watch');
    expect(found[0]).toContain('it fails and the last change was within an hour');
    expect(found[0]).toContain('→ restores frontend, backend (code)');
    expect(found[1]).toMatch(/^it fails and the last change was earlier, .* → asks: restore-code/);
    const short = { ...watch, schedule: [{ every: '15m', for: '30m' }] };
    expect(leadsTo(outlook(await shopPlan({ more: { watch: short } })), 'watch')[0]).toBe(
      'it fails → restores frontend, backend (code)',
    );
  });
});

describe('the table of a breaking migration', () => {
  it('lets the database go back by itself until writers are let in', async () => {
    const table = outlook(await shopPlan({ database: { compatibility: 'breaking' } }));
    expect(leadsTo(table, 'migrate database')[1]).toBe(
      'it fails and database differs from its savepoint or cannot be compared → restores database (database)',
    );
    expect(leadsTo(table, 'deploy frontend')[0]).toContain('asks: restore-full');
    expect(stepOf(table, 'migrate database').noReturn).toEqual({ at: 'resume database', may: 'lose rows' });
    expect(stepOf(table, 'deploy backend').noReturn).toEqual({ at: 'deploy backend', may: 'lose rows' });
    expect(table.noReturn).toEqual({ of: 'migrate database', at: 'resume database', may: 'lose rows' });
  });

  it('starts the writers again that were held and do not go back', async () => {
    const table = outlook(await shopPlan({ database: { compatibility: 'breaking' } }));
    const way = stepOf(table, 'migrate database').prospects[1]?.way;
    expect(turnsOf(table, way)).toEqual([['restore database'], ['resume database'], ['resume backend']]);
    expect(table.ways.find(({ id }) => id === way)?.rows).toBe('none');
  });
});

describe('each way back', () => {
  it('counts the rows with writers held before anything is exchanged, where that is possible', async () => {
    const table = outlook(await shopPlan({}, { measures: true }));
    const choices = stepOf(table, 'migrate database').prospects.flatMap((prospect) => prospect.choices);
    const way = choices.find(({ id }) => id === 'restore-database')?.way;
    expect(turnsOf(table, way)).toEqual([
      ['beside database'],
      ['agree on database'],
      ['restore database'],
      ['resume database'],
    ]);
    expect(table.ways.find(({ id }) => id === way)?.rows).toBe('counted');
  });

  it('goes in parallel where targets do not stand on each other', async () => {
    const chained = outlook(await shopPlan());
    expect(turnsOf(chained, stepOf(chained, 'deploy frontend').prospects[0]?.way)).toEqual([
      ['restore frontend'],
      ['restore backend'],
    ]);
    const free = outlook(await shopPlan({ frontend: { needs: [] } }));
    expect(turnsOf(free, stepOf(free, 'deploy frontend').prospects[0]?.way)).toEqual([
      ['restore frontend', 'restore backend'],
    ]);
  });

  it('is told once, however many failures lead to it', async () => {
    const table = outlook(await shopPlan({ more: { smoke, watch } }));
    const ways = table.ways.map(({ stages, rows }) => JSON.stringify([stages, rows]));
    expect(new Set(ways).size).toBe(ways.length);
    const used = table.steps.flatMap(({ prospects }) =>
      prospects.flatMap(({ way, choices }) => [way, ...choices.map((choice) => choice.way)]),
    );
    expect(new Set(used.filter((way) => way !== null))).toEqual(new Set(table.ways.map(({ id }) => id)));
  });
});

describe('the point of no return', () => {
  it('is where users write while a backward migration runs; code alone has none while it is watched', async () => {
    const table = outlook(await shopPlan({ more: { watch } }));
    expect(table.noReturn).toEqual({ of: 'migrate database', at: 'migrate database', may: 'lose rows' });
    expect(stepOf(table, 'deploy backend').noReturn).toEqual({ at: 'the end of the watch', may: 'end' });
    expect(stepOf(table, 'snapshot backend').noReturn).toBeNull();
  });

  it('is the end of the release where nothing changes that users write to', async () => {
    const plan = await shopPlan();
    const code = { ...plan, steps: plan.steps.filter(({ target }) => target !== 'database') };
    const table = outlook(code);
    expect(table.noReturn).toBeNull();
    expect(stepOf(table, 'deploy frontend').noReturn).toEqual({ at: 'the end of the release', may: 'end' });
    expect(planLines(code, 'd1', table).map(({ text }) => text)).toContain(
      'Point of no return: none before the end of the release; until then nothing that goes back loses a row',
    );
  });
});

describe('what a plan says that failures try first', () => {
  it('comes before the table, and silence goes back only where the rules would', async () => {
    const tries = [
      { retry: 3, every: '10s' },
      { ask: '30m', silence: 'rollback' },
    ];
    const table = outlook(await shopPlan({ backend: { onFailure: { deploy: tries } } }));
    const step = stepOf(table, 'deploy backend');
    expect(step).toMatchObject({ retry: { times: 3, everyMs: 10_000 }, ask: { deadlineMs: 1_800_000 } });
    const [prospect] = step.prospects;
    expect(prospect).toMatchObject({ triedAgain: true, silence: 'go-back' });
    expect(prospect?.choices[0]).toMatchObject({ id: 'go-back', restores: ['backend'] });
    const asked = outlook(
      await shopPlan({ database: { onFailure: { verify: tries }, verify: smoke }, more: { watch } }),
    );
    const differs = stepOf(asked, 'verify database').prospects.find(({ when }) => when.includes('differs'));
    expect(differs).toMatchObject({ silence: null, triedAgain: true });
  });

  it('offers what was done by hand where the target can be asked', async () => {
    const table = outlook(await shopPlan({}, { confirms: true }));
    const offered = stepOf(table, 'migrate database')
      .prospects.at(-1)
      ?.choices.map(({ id }) => id);
    expect(offered).toEqual(['restore-database', 'stay', 'done-by-hand']);
  });
});

describe('what people read', () => {
  it('is by default one row for each rollback point and state, the ways, the times and the point of no return', async () => {
    const people = { 'deployment-lead': { name: 'Deployment lead', contact: 'tel. 100' } };
    const plan = await shopPlan({ more: { smoke, outside: ['Mails that were sent'] } }, { measures: true });
    const table = outlook(plan, { 'restore database': { ms: 4200, downtimeMs: 900, n: 5 } });
    const lines = planLines({ ...plan, people: { ...plan.people, ...people } }, 'd1', table);
    const text = lines.map((line) => line.text).join('\n');
    expect(text).toContain(
      'Rollback point 2: from the change of backend on\n  deploy backend, invalidate backend, snapshot frontend\n      it fails → restores backend (code): way',
    );
    expect(text).toContain(
      '→ hold database and count the rows of database → restore database → let writers into database',
    );
    expect(text).toContain('  database  4.2 s, users cut off 900 ms (median of the last 5)\n  backend   not known yet');
    expect(text).toContain('Point of no return: migrate database\n  From then on users may write');
    expect(text).toContain('it goes back by itself only if no row would be lost');
    expect(text).toContain('When something fails: deployment-lead (tel. 100), engineering-lead; 1 needed');
    expect(text).toContain('What no restore brings back\n  Mails that were sent');
    expect(lines.length).toBeLessThan(50);
  });

  it('is with --all every step, every state, and what each answer does', async () => {
    const plan = await shopPlan({ more: { smoke } }, { measures: true });
    const text = planDetails(plan, 'd1', outlook(plan))
      .map((line) => line.text)
      .join('\n');
    for (const step of plan.steps) expect(text).toContain(`\n  ${step.id}`);
    expect(text).toContain('      it cannot be measured → asks: restore-code');
    expect(text).toContain('carry-over-and-restore: database; rows written since are carried over');
    expect(text).toContain('point of no return: migrate database; from then on rows may be lost');
  });
});
