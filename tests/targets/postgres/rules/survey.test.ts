import { describe, expect, test } from 'vitest';
import type { Finding } from '../../../../src/release/target.ts';
import { postgres } from '../../../../src/targets/postgres/postgres.ts';
import { shopForEach } from '../for-each.ts';
import { attempt, startWorld } from '../world.ts';

const shop = shopForEach();

const backward = { backward: true, forward: false };
const forward = { backward: false, forward: true };
const both = { backward: true, forward: true };
const breaking = { backward: false, forward: false };

/** Findings of the migration rules, as `FAIL rule: place`. */
async function found(
  sql: string,
  compatibility: { backward: boolean; forward: boolean } | null = backward,
  more: Record<string, unknown> = {},
): Promise<string[]> {
  await shop.world.write('m/0002_next.sql', sql);
  return (await ruled(compatibility, more)).map(short);
}

async function ruled(compatibility: Parameters<typeof found>[1], more = {}): Promise<Finding[]> {
  const call = shop.world.call({
    key: 'survey',
    spec: { migrate: { directory: 'm', ...more } },
    compatibility: compatibility ?? null,
  });
  const { findings } = await postgres.survey(call);
  return findings.filter(
    ({ status, what }) => /^[a-z-]+: \d+_/.test(what) || (status === 'FAIL' && what.includes('.sql')),
  );
}

function short({ status, what }: Finding): string {
  return `${status} ${/^([a-z-]+: \S+?):?( |$)/.exec(what)?.[1]}`;
}

/** A table that takes more than a moment to read. */
async function grow(): Promise<void> {
  await shop.world.sql(
    `create table big (id int primary key, note text, word varchar(10) not null default 'x', data text)`,
  );
  await shop.world.sql(`insert into big select i, 'n', 'x', repeat(md5(i::text), 60) from generate_series(1, 18000) i`);
  await shop.world.sql('alter table big alter data set storage plain');
  expect((await shop.world.sql(`select pg_table_size('big') > 17000000 as large`))[0]).toEqual({ large: true });
}

describe('a migration is refused before anything is changed', () => {
  test('when the previous code would miss a column, and the finding says where and how to do it', async () => {
    const sql = `-- The name goes.\nalter table products\n  drop column name;\n`;
    expect(await found(sql)).toEqual(['FAIL dropped-column: 0002_next.sql:2:1']);
    const [finding] = await ruled(backward);
    expect(finding?.what).toBe(
      'dropped-column: 0002_next.sql:2:1: drops the column public.products.name: alter table products drop column name',
    );
    expect(finding?.remedy).toContain('later release');
    expect(await found(sql, both)).toEqual(['FAIL dropped-column: 0002_next.sql:2:1']);
    expect(await found(sql, forward)).toEqual(['WARN dropped-column: 0002_next.sql:2:1']);
    expect(await found(sql, breaking)).toEqual(['WARN dropped-column: 0002_next.sql:2:1']);
  });

  test('when it would miss a table, a view or a whole schema', async () => {
    await shop.world.sql('create schema more; create table more.things (id int)');
    const sql = `drop view expensive; drop table if exists orders, nowhere;\ndrop schema more cascade;`;
    expect(await found(sql)).toEqual([
      'FAIL dropped-table: 0002_next.sql:1:1',
      'FAIL dropped-table: 0002_next.sql:1:22',
      'FAIL dropped-table: 0002_next.sql:2:1',
    ]);
  });

  test('when names change; a view of the old name only warns', async () => {
    const sql = 'alter table orders rename column amount to pieces;\nalter table orders rename to purchases;';
    const both = ['FAIL renamed-column: 0002_next.sql:1:1', 'FAIL renamed-table: 0002_next.sql:2:1'];
    expect(await found(sql)).toEqual(both);
    expect(await found(sql, forward)).toEqual(both);
    const view = 'alter table orders rename to purchases;\ncreate view orders as select * from purchases;';
    expect(await found(view)).toEqual(['WARN renamed-table: 0002_next.sql:1:1']);
    expect(await found('alter table orders rename to p; alter table p drop column amount')).toContain(
      'FAIL dropped-column: 0002_next.sql:1:33',
    );
  });

  test('when the type of a primary key changes', async () => {
    const sql = 'alter table products\n  alter column id type bigint;';
    expect(await found(sql)).toContain('FAIL changed-key-type: 0002_next.sql:2:16');
    expect(await found('alter table orders alter column amount type bigint')).not.toContainEqual(
      expect.stringContaining('changed-key-type'),
    );
  });

  test('when a large table would be written anew, and only warned of when it is small', async () => {
    const retype = (name: string) => `alter table ${name} alter column note type int using length(note)`;
    await shop.world.sql('create table little (id int primary key, note text, word varchar(10))');
    await grow();
    expect(await found(retype('big'))).toEqual(['FAIL table-rewrite: 0002_next.sql:1:30']);
    expect(await found(retype('big'), breaking)).toEqual(['WARN table-rewrite: 0002_next.sql:1:30']);
    expect(await found(retype('little'))).toEqual(['WARN table-rewrite: 0002_next.sql:1:33']);
    const adds = (what: string) => found(`alter table big add column extra ${what}`);
    const rewrite = ['FAIL table-rewrite: 0002_next.sql:1:28'];
    for (const what of [
      'uuid default gen_random_uuid()',
      'timestamptz default clock_timestamp()',
      'int generated always as identity',
      'int generated always as (id + 1) stored',
      'bigserial',
    ]) {
      expect([what, await adds(what)]).toEqual([what, rewrite]);
    }
    for (const what of ['timestamptz default now()', "text default 'x'", 'int', 'int not null default 7']) {
      expect([what, await adds(what)]).toEqual([what, []]);
    }
    expect(await found('alter table big alter column word type varchar(20), alter column word type text')).toEqual([]);
    expect(await found('alter table big alter column word type varchar(5)')).toEqual([
      'FAIL table-rewrite: 0002_next.sql:1:30',
    ]);
    expect(await found('-- savepoint: no-transaction\nvacuum full big')).toEqual([
      'FAIL table-rewrite: 0002_next.sql:2:1',
    ]);
  });

  test('when a large table would be locked for long', async () => {
    await grow();
    const lock = (where: string) => [`FAIL long-lock: 0002_next.sql:${where}`];
    expect(await found('create index big_note on big (note)')).toEqual(lock('1:1'));
    expect(await found('-- savepoint: no-transaction\ncreate index concurrently big_note on big (note)')).toEqual([]);
    expect(await found('create index on products (price)')).toEqual(['WARN long-lock: 0002_next.sql:1:1']);
    const add =
      'alter table big add column product int;\nalter table big add foreign key (product) references products';
    expect(await found(add)).toEqual(lock('2:21'));
    expect(await found(`${add} not valid`)).toEqual([]);
    expect(await found(`alter table big add column n int;\nalter table big add check (n > 0)`)).toEqual(lock('2:21'));
    expect(await found('alter table big alter column note set default 5, alter column note set not null')).toEqual(
      lock('1:1'),
    );
    await shop.world.sql('alter table big add constraint noted check (note is not null)');
    expect(await found(`alter table big alter column note set default 'x', alter column note set not null`)).toEqual(
      [],
    );
  });

  test('when a column must be filled and nothing fills it', async () => {
    const sql = 'alter table orders\n  add column note text not null;';
    expect(await found(sql)).toEqual(['FAIL not-null-without-default: 0002_next.sql:2:14']);
    expect(await found(sql, breaking)).toEqual(['WARN not-null-without-default: 0002_next.sql:2:14']);
    expect(await found(`alter table orders add column note text not null default ''`)).toEqual([]);
    await shop.world.sql('alter table orders add column hint text');
    expect(await found('alter table orders alter column hint set not null')).toEqual([
      'FAIL not-null-without-default: 0002_next.sql:1:1',
      'WARN long-lock: 0002_next.sql:1:1',
    ]);
  });

  test('when the previous code may write what a new rule refuses', async () => {
    const narrowed = (where: string) => `FAIL narrowed-check: 0002_next.sql:${where}`;
    const check = 'alter table orders add constraint few check (amount < 1000) not valid';
    expect(await found(check)).toEqual([narrowed('1:24')]);
    expect(await found(check, forward)).toEqual([]);
    expect(await found(`alter table orders add column note text; ${check.replace('amount', 'length(note)')}`)).toEqual(
      [],
    );
    expect(await found('-- savepoint: no-transaction\ncreate unique index concurrently on orders (placed)')).toEqual([
      narrowed('2:1'),
    ]);
  });

  test('with a warning when the previous code meets a new value of an enum', async () => {
    await shop.world.sql(`create type mood as enum ('good'); alter table orders add column mood mood`);
    expect(await found(`alter type mood add value 'bad'`)).toEqual(['WARN new-enum-value: 0002_next.sql:1:1']);
    expect(await found(`alter type mood add value 'bad'`, breaking)).toEqual([]);
    expect(await found(`alter type mood rename value 'good' to 'fine'`)).toEqual([
      'FAIL narrowed-check: 0002_next.sql:1:1',
    ]);
  });

  test('with a warning when more than this database is changed', async () => {
    expect(await found('create role clerk;\ngrant connect on database postgres to clerk')).toEqual([
      'WARN server-wide: 0002_next.sql:1:1',
      'WARN server-wide: 0002_next.sql:2:1',
    ]);
  });

  test('when it is no SQL or not there', async () => {
    expect(await found('alter tabel x')).toHaveLength(1);
    const call = shop.world.call({ key: 'survey', spec: { migrate: { directory: 'nowhere' } } });
    const { findings } = await postgres.survey(call);
    expect(findings).toContainEqual(expect.objectContaining({ status: 'FAIL', what: 'there is no directory nowhere' }));
  });
});

describe('a migration is let through', () => {
  test('what it made itself, whatever it does to it', async () => {
    const sql = `create table notes (id int primary key, text text);
      alter table notes drop column text, add column words text not null, alter column id type bigint;
      create index on notes (words); alter table notes rename to remarks; create type t as enum ('a'); alter type t add value 'b';`;
    expect(await found(sql)).toEqual([]);
  });

  test('what was applied before is not judged again', async () => {
    await shop.world.write('m/0001_first.sql', 'alter table orders drop column amount cascade');
    const migrate = { migrate: { directory: 'm' } };
    await attempt(shop.world.call({ key: 'migrate', spec: migrate }), (call) => postgres.apply(call, 'migrate', 'v1'));
    expect(await found('alter table products add column note text')).toEqual([]);
  });

  test('a rule that the plan accepts warns, and prints the reason', async () => {
    const accept = [{ rule: 'dropped-column', because: 'nobody has read it for a year' }];
    expect(await found('alter table products drop column name', backward, { accept })).toEqual([
      'WARN dropped-column: 0002_next.sql:1:1',
    ]);
    expect((await ruled(backward, { accept }))[0]?.what).toContain('(accepted: nobody has read it for a year)');
    expect(() =>
      shop.world.call({ spec: { migrate: { directory: 'm', accept: [{ rule: 'dropped-colum', because: 'x' }] } } }),
    ).toThrow('must be one of dropped-column');
  });

  test('everything where there is no database yet', async () => {
    const empty = await startWorld(shop.server, { empty: true });
    await empty.write('m/1.sql', 'create table a (id int); alter table a drop column id');
    const { findings } = await postgres.survey(
      empty.call({ spec: { migrate: { directory: 'm' } }, compatibility: backward }),
    );
    expect(findings.filter(({ status }) => status === 'FAIL')).toEqual([]);
    await empty.end();
  });

  test('and the database is as it was', async () => {
    const before = (await postgres.fingerprint(shop.world.call())).parts;
    await found('alter table products drop column name; drop table orders');
    expect((await postgres.fingerprint(shop.world.call())).parts).toEqual(before);
  });
});
