-- The tenant: everything else in the database belongs to a library. Settings are one document, because a rule added later must not cost a column.
-- +goose Up
create table libraries (
  id         bigint generated always as identity primary key,
  slug       text not null unique check (slug ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  zone       text not null,
  settings   jsonb not null,
  version    int not null default 1,
  created_at timestamptz not null default clock_timestamp()
);
