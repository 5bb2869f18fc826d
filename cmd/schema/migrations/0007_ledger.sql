-- What is counted. Facts need no person: a person taken out later leaves the count.
-- +goose Up
create table facts (
  library_id    bigint not null,                -- no foreign key: every process would lock the library's one row for each fact
  id            bigint generated always as identity,
  day           date not null,                  -- the library's own
  at            timestamptz not null,
  kind          text not null,
  once          text,                           -- what may be counted only once bears a key
  mode          text not null default 'remote' check (mode in ('inside', 'outside', 'remote')),
  point         text not null default '',       -- service point
  department_id bigint,
  channel       text not null default '',       -- kind of channel
  age           int,                            -- on the day
  reader_id     bigint,
  staff_id      bigint,
  detail        jsonb not null default '{}',
  primary key (library_id, id),
  unique (library_id, once)
);
create index facts_day on facts (library_id, day, kind);
create index facts_reader on facts (library_id, reader_id) where reader_id is not null;
