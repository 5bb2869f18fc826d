-- A turn writes less: no index that nobody reads, and no foreign key from a consent into rows that a conversation's lock keeps in place.
-- +goose Up
alter table facts
  drop constraint facts_pkey,
  drop constraint facts_library_id_once_key;
create unique index facts_once on facts (library_id, once) where once is not null;
drop index facts_day;
create index facts_day on facts using brin (day) with (pages_per_range = 16); -- they come in the order of their days

-- The address is the conversation's own and has its contact by a foreign key: to look both up again, and to lock them, cost more than the consent itself.
alter table consents
  drop constraint consents_library_id_contact_id_fkey,
  drop constraint consents_library_id_address_id_fkey;
drop index consents_reader;
create index consents_reader on consents (library_id, reader_id) where reader_id is not null;
