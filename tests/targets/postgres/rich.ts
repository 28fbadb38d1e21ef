/** One of everything that a catalogue can hold, so that no kind of object can get lost in a copy unseen. */
export const rich = `
  create schema crm;
  create extension if not exists plpgsql;
  create type crm.mood as enum ('sad', 'ok', 'happy');
  create domain crm.email as text check (value like '%@%');
  create type crm.pair as (a int, b text);
  create type crm.span as range (subtype = float8);
  create sequence crm.tickets start 100 increment 5;
  create table crm.people (
    id int generated always as identity primary key, mail crm.email, feels crm.mood default 'ok', gone int, duo crm.pair,
    name text collate "C", shout text generated always as (upper(name)) stored, doc jsonb, t text, raw bytea, at timestamptz, f float8
  );
  alter table crm.people drop column gone;
  create unique index people_mail on crm.people (lower(mail)) where mail is not null;
  create statistics crm.people_stats on name, feels from crm.people;
  comment on table crm.people is 'who buys';
  comment on column crm.people.doc is 'anything';
  create table crm.visits (day date not null, person int references crm.people, n int) partition by range (day);
  create table crm.visits_2025 partition of crm.visits for values from ('2025-01-01') to ('2026-01-01');
  create table crm.visits_rest partition of crm.visits default;
  create index on crm.visits (person);
  create table crm.base (x int); create table crm.child (y int) inherits (crm.base);
  create view crm.names as select id, name from crm.people with cascaded check option;
  create materialized view crm.counts as select feels, count(*) from crm.people group by 1;
  create rule keep as on delete to crm.base do instead nothing;
  create function crm.touch() returns trigger language plpgsql as $$ begin new.at := now(); return new; end $$;
  create trigger touched before update on crm.people for each row execute function crm.touch();
  create procedure crm.nothing() language sql as $$ select 1 $$;
  create aggregate crm.total (int) (sfunc = int4pl, stype = int, initcond = '0');
  alter table crm.people enable row level security;
  create policy own on crm.people for select using (name = current_user);
  create publication changes for table crm.people;
  alter default privileges in schema crm grant select on tables to public;
  grant usage on schema crm to public;
  grant select (id, name) on crm.people to public;
  insert into crm.people (mail, name, doc, t, raw, at, f, duo)
    select 'p' || i || '@x', 'n' || i, jsonb_build_object('i', i), null, '\\x00ff', '2025-01-01Z'::timestamptz + i * interval '1 hour', i / 3.0, row(i, 'b')::crm.pair from generate_series(1, 50) i;
  insert into crm.visits select '2025-12-01'::date + i, 1 + i % 50, i from generate_series(1, 60) i;
  insert into crm.child values (1, 2), (1, 2);
  refresh materialized view crm.counts;
  select nextval('crm.tickets'), nextval('crm.tickets');
`;
