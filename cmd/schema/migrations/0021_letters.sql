-- Letters that came in: each is stored once, whatever the mailbox repeats, with its source; what nobody could take waits for a person.
-- +goose Up
create table letters (
  library_id      bigint not null references libraries,
  id              bigint generated always as identity,
  channel_id      bigint not null,
  identity        text not null,                -- the source's SHA-256 and its Message-ID
  message_id      text not null default '',     -- as its sender's program made it
  sender          text not null default '',     -- the address; proves nothing
  sender_name     text not null default '',
  subject         text not null default '',
  state           text not null default 'arrived' check (state in ('arrived', 'event', 'returned', 'tray', 'ignored', 'bounce', 'failed')),
  reason          text not null default '',
  conversation_id bigint,                       -- that it belongs to, or whose letter came back
  raw_file        text not null,                -- the source, or its headers where it was too large
  files           text[] not null default '{}', -- in the letter's order
  received_at     timestamptz not null,
  settled_at      timestamptz,                  -- by a person
  settled_by      bigint,
  primary key (library_id, id),
  unique (library_id, channel_id, identity),
  foreign key (library_id, channel_id) references channels (library_id, id),
  foreign key (library_id, raw_file) references files (library_id, id),
  check ((settled_at is null) = (settled_by is null))
);
create index letters_waiting on letters (library_id, received_at) where state in ('tray', 'failed') and settled_at is null;
create index letters_of_sender on letters (library_id, channel_id, lower(sender), received_at);
create index letters_of_conversation on letters (library_id, conversation_id, id) where conversation_id is not null;

-- our letters by their Message-IDs, which answers and bounces name
create index outbox_letters on outbox (library_id, channel_id, provider_id) where provider_id like '%@%';
