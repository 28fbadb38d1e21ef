import { describe, expect, it } from 'vitest';
import { referencesOf } from '../../src/release/references.ts';
import { load, loaded, said, shopWith } from './plans.ts';

const check = (name: string, url: string): string => `{ name: ${name}, kind: http, url: "${url}" }`;

/** The shop with what is written under `rehearse`, and an address of the database for the backend. */
function rehearsing(written: string, ...more: [string, string][]): string {
  return shopWith(
    ['    compatibility: backward\n', `    compatibility: backward\n    rehearse: ${written}\n`],
    [
      '    run: [node, server.mjs]\n',
      '    run: [node, server.mjs]\n    env: { DATABASE_URL: "${env:SHOP_APP_URL}" }\n',
    ],
    ...more,
  );
}

const whole = `{ service: backend, checks: [${check('read', '${rehearsal.service}/products?key=${env:SHOP_KEY}')}], writes: [${check('write', '${rehearsal.service}/orders')}] }`;

describe('a rehearsal', () => {
  it('is a step directly after the savepoint, before anything is changed', async () => {
    const { plan } = await loaded(rehearsing(whole));
    const at = plan.steps.findIndex(({ activity }) => activity === 'rehearse');
    expect(plan.steps.slice(at - 1, at + 2).map(({ id, point }) => [id, point])).toEqual([
      ['snapshot database', 0],
      ['rehearse database', 0],
      ['migrate database', 1],
    ]);
    expect(plan.steps[at]).toMatchObject({
      target: 'database',
      phase: 'change',
      patienceMs: 3_600_000,
      rehearsal: {
        service: 'backend',
        variable: 'DATABASE_URL',
        checks: [{ name: 'read', spec: { url: '${rehearsal.service}/products?key=${env:SHOP_KEY}' } }],
        writes: [{ name: 'write' }],
      },
    });
    expect(referencesOf(plan)).toContain('env:SHOP_KEY');
  });

  it('of the migration alone needs no service, and none is no step', async () => {
    const { plan } = await loaded(rehearsing('true'));
    const none = { service: null, variable: '', checks: [], writes: [] };
    expect(plan.steps.find(({ activity }) => activity === 'rehearse')?.rehearsal).toEqual(none);
    for (const text of [rehearsing('false'), shopWith()]) {
      expect((await loaded(text)).plan.steps.some(({ activity }) => activity === 'rehearse')).toBe(false);
    }
  });

  it.each<[string, string, [string, string][], string]>([
    [
      'an unknown service',
      '{ service: backed }',
      [],
      'targets.database.rehearse.service: no target is called backed; did you mean "backend"?',
    ],
    [
      'a database for a service',
      '{ service: database }',
      [],
      'targets.database.rehearse.service: database cannot be started beside itself (kind postgres); name a service, or write rehearse: true',
    ],
    [
      'a variable that the service does not have',
      '{ service: backend, variable: PGURL }',
      [],
      'targets.database.rehearse.variable: backend has no variable PGURL in its env, so it would not be led to the copy of database; name the variable of backend that holds the address of database',
    ],
    [
      'a database that is not migrated',
      'true',
      [['    migrate: { directory: "./versions/${version}/migrations" }\n', '    seed: { directory: s }\n']],
      'targets.database.rehearse: database is not migrated, so there is nothing to rehearse; add migrate',
    ],
    [
      'a key that does not exist',
      '{ service: backend, check: [] }',
      [],
      'targets.database.rehearse.check: unknown key; did you mean "checks"?',
    ],
  ])('is refused for %s', async (_, written, more, says) => {
    expect(said(await load(rehearsing(written, ...more)))).toEqual([expect.stringContaining(says)]);
  });

  it('warns of checks that ask something else, and of users who wait for it', async () => {
    const elsewhere = `{ service: backend, checks: [${check('read', 'http://127.0.0.1:1/')}] }`;
    const held = rehearsing(elsewhere, ['compatibility: backward', 'compatibility: breaking']);
    expect(said(await load(held))).toEqual([
      expect.stringContaining('the migration is breaking, so users wait for the rehearsal too'),
      expect.stringContaining(
        'read names neither ${rehearsal.service} nor ${rehearsal.url}, so it does not ask the copy',
      ),
    ]);
  });

  it('is the only place where its addresses are known', async () => {
    const smoke: [string, string] = [
      'http://127.0.0.1:8080/products", repeatable',
      '${rehearsal.service}/products", repeatable',
    ];
    expect(said(await load(shopWith(smoke)))).toEqual([
      expect.stringContaining('unknown reference ${rehearsal.service}'),
    ]);
  });
});
