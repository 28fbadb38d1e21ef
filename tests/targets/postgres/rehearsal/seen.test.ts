import { describe, expect, test } from 'vitest';
import type { Seen } from '../../../../src/release/target.ts';
import { postgres } from '../../../../src/targets/postgres/postgres.ts';
import { shopForEach } from '../for-each.ts';
import { attempt } from '../world.ts';

const shop = shopForEach();

const backward = { backward: true, forward: false };
const breaking = { backward: false, forward: false };

/** What the shop lacks. `slow` takes a while for each row that it is asked of. */
const more = `
  create type mood as enum ('good', 'bad');
  alter table orders add column mood mood, add column hint text;
  create table stock (id int primary key, note text);
  create function slow(n int) returns int immutable language plpgsql as 'begin perform pg_sleep(0.004); return n; end';
`;

/** What is seen of one migration that was tried in a scratch. `rows`: of 2 KB each, in the table `stock`. */
async function seenOf(sql: string, { compatibility = backward, rows = 0 } = {}): Promise<Seen> {
  await shop.world.sql(more);
  await shop.world.sql(`insert into stock select i, repeat(md5(i::text), 60) from generate_series(1, ${rows}) i`);
  await shop.world.write('m/0002_next.sql', sql);
  const spec = { migrate: { directory: 'm' } };
  const savepoint = await attempt(shop.world.call({ key: 'save', spec }), postgres.save);
  const made = await attempt(shop.world.call({ key: 'rehearse', spec }), (call) => postgres.scratch(call, savepoint));
  const inside = (key: string) => ({ ...shop.world.call({ key, compatibility }), spec: made });
  await attempt(inside('try'), (call) => postgres.apply(call, 'migrate', 'v2'));
  return await postgres.seen(inside('seen'));
}

const inWords = ({ findings }: Seen): string[] => findings.map(({ status, what }) => `${status} ${what}`);
/** A busy machine may be slow with any statement. */
const isLock = (finding: string): boolean => finding.includes('long-lock: took ');
/** No parser sees into it: only what it did tells. */
const block = (sql: string): string => `do $$ begin ${sql}; end $$`;

type Planted = { sql: string; found: string };
const planted: Planted[] = [
  { sql: 'drop table orders', found: 'FAIL dropped-table: public.orders is gone' },
  {
    sql: 'alter table orders rename to purchases; create view orders as select * from purchases',
    found: 'WARN renamed-table: public.orders is called public.purchases now, and a view has its name',
  },
  {
    sql: 'drop table stock; create view stock as select id from orders',
    found: 'WARN dropped-table: public.stock is gone, and a view has its name',
  },
  { sql: 'drop view expensive', found: 'FAIL dropped-table: public.expensive is gone' },
  { sql: 'alter table orders drop column placed', found: 'FAIL dropped-column: public.orders.placed is gone' },
  {
    sql: 'alter table orders rename to purchases',
    found: 'FAIL renamed-table: public.orders is called public.purchases now',
  },
  {
    sql: 'alter table products rename column name to title',
    found: 'FAIL renamed-column: public.products.name is called title now',
  },
  {
    sql: 'create index on orders (slow(amount))',
    found: 'FAIL long-lock: took ShareLock on public.orders for',
  },
  {
    sql: 'alter table stock add column shelf text not null',
    found: 'FAIL not-null-without-default: public.stock.shelf is new, NOT NULL and has no default',
  },
  {
    sql: 'alter table stock alter column note set not null',
    found: 'FAIL not-null-without-default: public.stock.note is NOT NULL now and has no default',
  },
  {
    sql: 'alter table orders add constraint few check (amount < 1000)',
    found: 'FAIL narrowed-check: few of public.orders refuses more than before: CHECK ((amount < 1000))',
  },
  {
    sql: 'alter table orders add constraint once unique (product, placed, id)',
    found: 'FAIL narrowed-check: once of public.orders refuses more than before: UNIQUE (product, placed, id)',
  },
  { sql: "alter type mood add value 'odd'", found: "WARN new-enum-value: public.mood has the new value 'odd'" },
];

describe('a rehearsal of what no parser sees into', { timeout: 60_000 }, () => {
  test.each(planted.map((one) => [one.found, one] as const))('says %s', async (found, { sql }) => {
    const seen = await seenOf(block(sql));
    const findings = inWords(seen).filter((each) => !isLock(each) || isLock(found));
    expect(findings).toEqual([expect.stringContaining(found)]);
    expect(findings[0]).toContain(`: ${block(sql)}`);
    expect(seen.findings[0]?.remedy?.length).toBeGreaterThan(20);
  });

  test('fails of a large table that is written anew, warns of a small one, and names the statement of each', async () => {
    const large = block('alter table stock alter column id type bigint');
    const small = block('alter table orders alter column amount type bigint');
    const seen = await seenOf(`${large};\n${small}`, { rows: 9_500 });
    expect(seen.statements.flatMap(({ rewrote }) => rewrote)).toEqual(['public.stock', 'public.orders']);
    expect(inWords(seen).filter((each) => !isLock(each))).toEqual([
      `WARN table-rewrite: every row of public.orders was written anew: ${small}`,
      `FAIL table-rewrite: every row of public.stock was written anew: ${large}`,
      `FAIL changed-key-type: the primary key public.stock.id is bigint instead of integer: ${large}`,
    ]);
  });

  test('only warns while nobody runs, and then says nothing of what is refused or new', async () => {
    const drops = block('alter table orders drop column placed');
    const narrows = block(
      `alter table orders add constraint few check (amount < 1000); alter type mood add value 'odd'`,
    );
    const seen = await seenOf(`${drops};\n${narrows}`, { compatibility: breaking });
    expect(inWords(seen).filter((each) => !isLock(each))).toEqual([
      expect.stringContaining('WARN dropped-column: public.orders.placed is gone'),
    ]);
  });

  test('warns when the database that users have was changed from inside the copy', async () => {
    const seen = await seenOf(block(`execute 'alter database ${shop.world.database} set app.region to south'`));
    expect(inWords(seen).filter((each) => !isLock(each))).toEqual([
      'WARN server-wide: the database that users have changed while the migration was tried: no savepoint brings that back',
    ]);
  });
});

describe('a rehearsal', { timeout: 60_000 }, () => {
  test('does not say again what the survey says of a file, but tells how long a lock really was', async () => {
    const index = 'create index on orders (slow(amount))';
    const seen = await seenOf(`alter table orders drop column placed;\n${index}`);
    const findings = inWords(seen);
    expect(findings.filter((each) => !isLock(each))).toEqual([]);
    expect(findings).toContainEqual(
      expect.stringMatching(
        /^FAIL long-lock: took ShareLock on public\.orders for \d+\.\d s: create index on orders \(slow/,
      ),
    );
  });

  test('does not take what the survey says of one table for another whose name begins alike', async () => {
    await shop.world.sql('create table orders_old (id int primary key)');
    const old = 'alter table orders_old rename to orders_gone; create view orders_old as select * from orders_gone';
    const seen = await seenOf(`${old};\n${block('alter table orders rename to purchases')}`);
    expect(inWords(seen).filter((each) => !isLock(each))).toEqual([
      expect.stringContaining('FAIL renamed-table: public.orders is called public.purchases now'),
    ]);
  });

  test('says nothing more of a table for which a file puts a view', async () => {
    const seen = await seenOf('alter table orders rename to purchases; create view orders as select * from purchases');
    expect(inWords(seen).filter((each) => !isLock(each))).toEqual([]);
  });

  test.each(['a file', 'a block'])('has nothing to say of %s that only adds, or allows more', async (where) => {
    const adds = `alter table orders add column note text, add column shade text not null default 'none';
      alter table products drop constraint products_price_check; alter table orders alter column amount drop not null;
      create type size as enum ('s'); alter type size add value 'm'; create view cheap as select * from products where price < 2;
      create table labels (id int primary key, size size not null, product int references products, check (id > 0));
      insert into labels values (1, 's', 1); update products set price = price + 1`;
    const seen = await seenOf(where === 'a file' ? adds : block(adds));
    expect(inWords(seen).filter((each) => !isLock(each))).toEqual([]);
    expect(seen.statements.length).toBeGreaterThan(4);
  });
});
