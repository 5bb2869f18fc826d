-- One person on several channels is one contact: what was joined, row by row, so that it can be taken apart again.
-- +goose Up
alter table contacts
  add column merged_into bigint check (merged_into <> id), -- the contact that has taken this one's place
  add foreign key (library_id, merged_into) references contacts (library_id, id);

alter table consents
  add column address_id bigint,                 -- the conversation in which it was given
  add foreign key (library_id, address_id) references addresses (library_id, id);

-- an address that is a mailbox may be the one that a reader has proven
create index addresses_mailbox on addresses (library_id, lower(external)) where external like '%@%';

create table merges (
  library_id   bigint not null references libraries,
  id           bigint generated always as identity,
  into_id      bigint not null,
  from_id      bigint not null check (from_id <> into_id),
  how          text not null check (how in ('code', 'staff')),
  merged_by    bigint check ((merged_by is not null) = (how = 'staff')),
  merged_at    timestamptz not null,
  into_readers bigint[] not null,               -- for whom into acted before
  undone_at    timestamptz,
  undone_by    bigint,
  primary key (library_id, id),
  foreign key (library_id, into_id) references contacts (library_id, id),
  foreign key (library_id, from_id) references contacts (library_id, id)
);
create index merges_into on merges (library_id, into_id) where undone_at is null;
create unique index merged_once on merges (library_id, from_id) where undone_at is null;

-- a row that was the other contact's: of contact_readers as it was, of the other tables its id
create table merge_rows (
  library_id bigint not null,
  merge_id   bigint not null,
  id         bigint generated always as identity,
  table_name text not null check (table_name in ('addresses', 'contact_readers', 'consents', 'registrations')),
  keys       jsonb not null,
  primary key (library_id, merge_id, id),
  foreign key (library_id, merge_id) references merges (library_id, id)
);
