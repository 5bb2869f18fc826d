-- Accounts with the providers, and everything secret that waits to be used: texts elsewhere hold only a reference to a row of secrets.
-- +goose Up
create table secrets (
  library_id   bigint not null references libraries,
  id           text not null,                   -- 128 random bits
  ciphertext   bytea,                           -- age; null once destroyed
  purpose      text not null check (purpose in ('channel', 'password', 'code')),
  created_at   timestamptz not null default clock_timestamp(),
  destroyed_at timestamptz,
  primary key (library_id, id),
  check ((ciphertext is null) = (destroyed_at is not null))
);
create index secrets_to_destroy on secrets (created_at) where ciphertext is not null and purpose <> 'channel';

create table channels (
  library_id bigint not null references libraries,
  id         bigint generated always as identity unique,
  kind       text not null,
  name       text not null,                     -- as staff see it
  config     jsonb not null default '{}',       -- nothing secret
  secret_id  text,
  state      text not null default 'on' check (state in ('on', 'off', 'broken')),
  problem    text not null default '',          -- a provider's code, no text of theirs
  position   bigint not null default 0,         -- where reading goes on, as the provider counts
  created_at timestamptz not null default clock_timestamp(),
  primary key (library_id, id),
  unique (library_id, kind, name),
  foreign key (library_id, secret_id) references secrets (library_id, id)
);

-- one row: a value sealed with the key, so that a wrong key is noticed before anything is written with it
create table key_checks (
  id         boolean primary key default true check (id),
  ciphertext bytea not null
);
