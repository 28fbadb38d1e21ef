import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Postgres, startPostgres } from '../../support/postgres.ts';
import { wayBackOf } from './way-back.ts';
import { startWorld } from './world.ts';

let server: Postgres;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server.stop());

/** A family of tables: parents, children, a tree, a list without a key. All values that users write fit the old schema. */
const schema = `
  create table people (id serial primary key, mail text unique, age int check (age >= 0), at timestamptz default now());
  create table pets (id serial primary key, owner int references people on delete cascade, name text not null default 'x');
  create table tree (id int primary key, parent int references tree);
  create table notes (a text, b int);
  insert into people (mail, age) select 'p' || i, i from generate_series(1, 12) i;
  insert into pets (owner, name) select 1 + i % 12, 'pet ' || i from generate_series(1, 20) i;
  insert into tree select i, nullif(i / 2, 0) from generate_series(1, 15) i;
  insert into notes select 'n' || i % 3, i % 4 from generate_series(1, 20) i;
`;

const migrations = [
  `alter table people add column nick text default 'none'; alter table people add column seen timestamptz default clock_timestamp();
   update pets set name = upper(name) where id % 2 = 0; alter table pets alter column name type varchar(40);
   create table extra (id serial primary key, v int); insert into extra (v) values (1), (2);`,
  `alter table tree alter column id type bigint; insert into people (mail, age) values ('made by the release', 1);
   delete from notes where a = 'n2'; alter table notes add column c int;`,
];

const id = fc.integer({ min: 1, max: 30 });
const word = fc.constantFrom('a', "it's", 'b\\c', 'ünï', 'null', '', '{x,"y"}', 'a\tb\nc');
const operation = fc.oneof(
  fc.tuple(word, id).map(([mail, n]) => `insert into people (mail, age) values ('${quote(mail)}${n}', ${n})`),
  fc.tuple(id, id).map(([n, age]) => `update people set age = ${age} where id = ${n}`),
  fc.tuple(id, id).map(([n, other]) => `update people set mail = 'moved ${other}' where id = ${n}`),
  id.map((n) => `delete from people where id = ${n}`),
  fc.tuple(id, word).map(([n, name]) => `insert into pets (owner, name) values (${n}, '${quote(name)}')`),
  fc.tuple(id, id).map(([n, owner]) => `update pets set owner = ${owner} where id = ${n}`),
  id.map((n) => `delete from pets where id = ${n}`),
  fc.tuple(id, id).map(([n, parent]) => `insert into tree values (${n}, ${parent})`),
  fc.tuple(id, id).map(([n, parent]) => `update tree set parent = ${parent} where id = ${n}`),
  id.map((n) => `delete from tree where id = ${n}`),
  fc.tuple(word, id).map(([a, b]) => `insert into notes (a, b) values ('${quote(a)}', ${b % 3})`),
  fc.tuple(word, id).map(([a, b]) => `update notes set a = '${quote(a)}' where b = ${b % 4}`),
  id.map((n) => `delete from notes where b = ${n % 4}`),
);

function quote(text: string): string {
  return text.replaceAll("'", "''");
}

/** What a user's statement may not do, it does not do. */
const forgiving = (statements: string[]) =>
  statements.map((text) => `do $do$ begin ${text}; exception when others then null; end $do$;`).join('\n');

/** The tables over the columns of the old schema; text, so that a wider type reads the same. */
const old = `select jsonb_build_object(
  'people', (select jsonb_agg(jsonb_build_array(id, mail, age, at::text) order by id) from people),
  'pets', (select jsonb_agg(jsonb_build_array(id, owner, name) order by id) from pets),
  'tree', (select jsonb_agg(jsonb_build_array(id, parent) order by id) from tree),
  'notes', (select jsonb_agg(jsonb_build_array(a, b) order by a collate "C", b) from notes)) as all`;

describe('whatever users write', () => {
  test('is in the copy after it was carried over', { timeout: 600_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(operation, { maxLength: 40 }),
        fc.array(operation, { maxLength: 40 }),
        fc.subarray(migrations),
        async (early, late, files) => {
          const world = await startWorld(server, { empty: true });
          try {
            await server.sql(`create database ${world.database}`);
            await world.sql(schema);
            const way = wayBackOf(world);
            const savepoint = await way.save();
            for (const [index, text] of files.entries()) await world.write(`migrations/${index}.sql`, text);
            await world.write('migrations/9.sql', 'select 1');
            await world.sql(forgiving(early) || 'select 1');
            await way.apply();
            await world.sql(forgiving(late) || 'select 1');
            await way.hold();
            const found = await way.loss(savepoint);
            const [now] = await world.sql(old);
            const carried = await way.carry(savepoint);
            expect(carried.left, JSON.stringify(carried.tables)).toBe(0);
            expect(carried.carried).toBe(found.rows);
            await way.restore(savepoint);
            const [back] = await world.sql(old);
            expect(ofUsers(back, files)).toEqual(ofUsers(now, files));
          } finally {
            await server.sql(`drop database if exists ${world.database} with (force)`);
            await world.end();
          }
        },
      ),
      { numRuns: Number(process.env.PROPERTY_RUNS ?? 5) },
    );
  });
});

type Rows = Record<string, unknown[][] | null>;

/** Without what the release itself makes of the rows, which a restore takes back. */
function ofUsers(row: Record<string, unknown> | undefined, files: string[]): Rows {
  const all = row?.all as Rows;
  if (files.length === 0) return all;
  const people = (all.people ?? []).filter(([, mail]) => mail !== 'made by the release');
  const pets = (all.pets ?? []).map(([pet, owner, name]) => [pet, owner, String(name).toLowerCase()]);
  return { people, pets, tree: all.tree ?? null };
}
