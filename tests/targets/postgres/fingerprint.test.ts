import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { prove } from '../../../src/release/fingerprint.ts';
import { postgres } from '../../../src/targets/postgres/postgres.ts';
import { debianBin, type Postgres, startPostgres } from '../../support/postgres.ts';
import { rich } from './rich.ts';
import { startWorld, type World } from './world.ts';

const servers = [
  { name: 'PostgreSQL 18', bin: null },
  { name: 'PostgreSQL 15', bin: debianBin },
];

describe.each(servers)('the fingerprint on $name', ({ name, bin }) => {
  const there = name.endsWith('18') || bin !== null;
  let server: Postgres;
  let world: World;
  beforeAll(async () => {
    if (!there) return;
    server = await startPostgres(bin === null ? {} : { bin });
    world = await startWorld(server);
    await world.sql(rich);
  });
  afterAll(async () => {
    if (!there) return;
    await world.end();
    await server.stop();
  });

  const read = () => postgres.fingerprint(world.call());
  const differing = async (change: string, back: string) => {
    const before = await read();
    await world.sql(change);
    const found = prove(before, await read()).differences.map((difference) => difference.part);
    await world.sql(back);
    return found;
  };

  test.runIf(there)('is the same twice and covers every table', async () => {
    const [one, two] = [await read(), await read()];
    expect(prove(one, two).differences).toEqual([]);
    const tables = one.parts.filter((part) => part.level === 'content').map((part) => part.name);
    expect(tables).toEqual([
      'crm.base',
      'crm.child',
      'crm.counts',
      'crm.people',
      'crm.visits_2025',
      'crm.visits_rest',
      'public.orders',
      'public.products',
      'values of sequences',
    ]);
  });

  const changes: [string, string, string, string[]][] = [
    [
      'a value',
      `update crm.people set t = '' where id = 7`,
      `update crm.people set t = null where id = 7`,
      ['crm.people'],
    ],
    [
      'one of two equal rows',
      `delete from only crm.child where ctid = (select min(ctid) from crm.child)`,
      'insert into crm.child values (1, 2)',
      ['crm.child'],
    ],
    ['two equal rows that change alike', 'update crm.child set y = 3', 'update crm.child set y = 2', ['crm.child']],
    ['a sequence', `select nextval('crm.tickets')`, `select setval('crm.tickets', 105)`, ['values of sequences']],
    [
      'a column',
      'alter table products add column sku text',
      'alter table products drop column sku',
      ['columns', 'public.products'],
    ],
    [
      'an index',
      'drop index crm.people_mail',
      `create unique index people_mail on crm.people (lower(mail)) where mail is not null`,
      ['indexes'],
    ],
    [
      'a function',
      `create or replace function crm.touch() returns trigger language plpgsql as $$ begin return new; end $$`,
      `create or replace function crm.touch() returns trigger language plpgsql as $$ begin new.at := now(); return new; end $$`,
      ['functions'],
    ],
    [
      'a disabled trigger',
      'alter table crm.people disable trigger touched',
      'alter table crm.people enable trigger touched',
      ['triggers'],
    ],
    [
      'a policy',
      'alter policy own on crm.people using (true)',
      'alter policy own on crm.people using (name = current_user)',
      ['policies'],
    ],
    [
      'a grant on a column',
      'revoke select (name) on crm.people from public',
      'grant select (name) on crm.people to public',
      ['columns'],
    ],
    ['a comment', `comment on table crm.people is 'x'`, `comment on table crm.people is 'who buys'`, ['comments']],
    [
      'an enum label',
      `alter type crm.mood rename value 'sad' to 'blue'`,
      `alter type crm.mood rename value 'blue' to 'sad'`,
      ['types'],
    ],
    [
      'a default',
      'alter table orders alter amount set default 2',
      'alter table orders alter amount set default 1',
      ['columns'],
    ],
    [
      'a constraint',
      'alter table products drop constraint products_price_check',
      'alter table products add constraint products_price_check check (price >= 0)',
      ['constraints'],
    ],
    [
      'the owner of a table',
      'alter table orders owner to shop_owner',
      'alter table orders owner to postgres',
      ['relations', 'sequences'],
    ],
    [
      'a publication',
      'alter publication changes add table products',
      'alter publication changes drop table products',
      ['publications'],
    ],
  ];
  test.runIf(there).each(changes)('sees %s', async (_what, change, back, parts) => {
    expect((await differing(change, back)).sort()).toEqual(parts.sort());
  });

  test.runIf(there)('sees who may connect and what is set for whom', async () => {
    const change = `alter role shop_app in database ${world.database} set statement_timeout to '8s'`;
    expect(await differing(change, change.replace('8s', '7s'))).toEqual(['owner, grants and settings']);
    const grant = `grant connect on database ${world.database} to shop_reports`;
    expect(await differing(grant, grant.replace('grant', 'revoke').replace(' to ', ' from '))).toEqual([
      'owner, grants and settings',
    ]);
  });

  test.runIf(there)('does not depend on the settings of the role that asks', async () => {
    const before = await read();
    await world.sql(
      `alter role postgres set datestyle to 'German'; alter role postgres set bytea_output to 'escape'; alter role postgres set extra_float_digits to -3; alter role postgres set timezone to 'Asia/Tokyo'`,
    );
    const after = await read();
    await world.sql('alter role postgres reset all');
    expect(prove(before, after).differences).toEqual([]);
  });
});
