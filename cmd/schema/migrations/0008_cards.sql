-- Card numbers. A number once used is never used again, so rows stay when a card is lost.
-- +goose Up
create table number_series (
  library_id bigint primary key references libraries,
  prefix     text not null default '',
  width      int not null default 6 check (width between 1 and 12),
  next       bigint not null default 1
);

create table cards (
  library_id    bigint not null references libraries,
  number        text not null check (number ~ '^[0-9A-Za-z-]{1,32}$'),
  reader_id     bigint not null,
  state         text not null default 'valid' check (state in ('valid', 'lost', 'closed')),
  password_hash text not null,                  -- argon2id
  picture       text,                           -- file
  issued_at     timestamptz not null,
  issued_by     bigint,
  replaces      text,
  primary key (library_id, number),
  foreign key (library_id, reader_id) references readers (library_id, id)
);
create unique index card_of_reader on cards (library_id, reader_id) where state = 'valid';
