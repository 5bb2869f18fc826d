-- Who writes (contacts, by their addresses) and who is served (readers): one chat may act for several readers, one reader may be served in several chats.
-- +goose Up
create table contacts (
  library_id bigint not null references libraries,
  id         bigint generated always as identity,
  name       text not null default '',          -- what they call themselves; proves nothing
  created_at timestamptz not null default clock_timestamp(),
  primary key (library_id, id)
);

create table addresses (
  library_id  bigint not null references libraries,
  id          bigint generated always as identity,
  contact_id  bigint not null,
  channel_id  bigint not null,
  external    text not null,                    -- the address within the channel
  proven_at   timestamptz,                      -- null: nobody has shown that it is theirs
  blocked_at  timestamptz,                      -- by staff: what comes is not stored
  blocked_by  bigint,
  gone_at     timestamptz,                      -- the person has shut the door on us
  created_at  timestamptz not null default clock_timestamp(),
  primary key (library_id, id),
  unique (channel_id, external),
  foreign key (library_id, contact_id) references contacts (library_id, id),
  foreign key (library_id, channel_id) references channels (library_id, id)
);
create index addresses_contact on addresses (library_id, contact_id);

create table readers (
  library_id   bigint not null references libraries,
  id           bigint generated always as identity,
  name         text not null,
  born         date,
  email        text,
  email_proven boolean not null default false,
  phone        text,
  phone_proven boolean not null default false,
  card         text,                            -- number of the valid card, as cards has it
  picture      text,                            -- file of the card's picture
  created_at   timestamptz not null default clock_timestamp(),
  erased_at    timestamptz,
  primary key (library_id, id)
);
create index readers_same on readers (library_id, born);
create index readers_email on readers (library_id, lower(email)) where email is not null;
create index readers_phone on readers (library_id, phone) where phone is not null;

-- for whom a contact acts
create table contact_readers (
  library_id bigint not null,
  contact_id bigint not null,
  reader_id  bigint not null,
  relation   text not null check (relation in ('self', 'child', 'other')),
  created_at timestamptz not null default clock_timestamp(),
  primary key (library_id, contact_id, reader_id),
  foreign key (library_id, contact_id) references contacts (library_id, id),
  foreign key (library_id, reader_id) references readers (library_id, id)
);
create unique index contact_is_one_reader on contact_readers (library_id, contact_id) where relation = 'self';
create index contact_readers_reader on contact_readers (library_id, reader_id);

-- every agreement to a text, and its end; the text itself is kept once by its hash
create table consent_texts (
  library_id bigint not null references libraries,
  hash       text not null,                     -- SHA-256 of the text, hex
  text       text not null,
  created_at timestamptz not null default clock_timestamp(),
  primary key (library_id, hash)
);

create table consents (
  library_id   bigint not null,
  id           bigint generated always as identity,
  contact_id   bigint not null,                 -- who agreed
  reader_id    bigint,                          -- for whom, once they are known
  text_hash    text not null,                   -- of consent_texts, which are written first and never deleted: no foreign key, it would lock one row for all
  version      text not null,                   -- and language, as the library called the text then: two may have the same words
  lang         text not null,
  given_at     timestamptz not null,
  withdrawn_at timestamptz,
  primary key (library_id, id),
  foreign key (library_id, contact_id) references contacts (library_id, id),
  foreign key (library_id, reader_id) references readers (library_id, id)
);
create index consents_contact on consents (library_id, contact_id);
create index consents_reader on consents (library_id, reader_id);

create table registrations (
  library_id bigint not null references libraries,
  id         bigint generated always as identity,
  reader_id  bigint not null,
  contact_id bigint not null,                   -- who asked for it
  address_id bigint not null,                   -- and in which conversation
  state      text not null check (state in ('sent', 'accepted', 'refused', 'done', 'withdrawn')),
  consent_id bigint not null,
  photos     text[] not null default '{}',      -- files of the signed consent
  reason     text not null default '',          -- of a refusal, as staff wrote it to the reader
  created_at timestamptz not null default clock_timestamp(),
  decided_at timestamptz,
  decided_by bigint,
  primary key (library_id, id),
  foreign key (library_id, reader_id) references readers (library_id, id),
  foreign key (library_id, contact_id) references contacts (library_id, id),
  foreign key (library_id, address_id) references addresses (library_id, id),
  foreign key (library_id, consent_id) references consents (library_id, id)
);
create unique index registration_once on registrations (library_id, reader_id) where state in ('sent', 'accepted');
create index registrations_reader on registrations (library_id, reader_id, id);
create index registrations_photos on registrations (library_id, decided_at) where photos <> '{}';

-- six digits sent to an address to prove it; only the hash is kept
create table codes (
  library_id bigint not null references libraries,
  id         bigint generated always as identity,
  address_id bigint not null,                   -- the conversation that asked
  target     text not null,                     -- SHA-256 of the address it was sent to, hex
  hash       bytea not null,
  salt       bytea not null,
  tries      int not null default 0,
  created_at timestamptz not null,
  used_at    timestamptz,
  primary key (library_id, id),
  foreign key (library_id, address_id) references addresses (library_id, id)
);
create index codes_asked on codes (library_id, address_id, id);
create index codes_target on codes (library_id, target, created_at);
create index codes_old on codes (created_at);
