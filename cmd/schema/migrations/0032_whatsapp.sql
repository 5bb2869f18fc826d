-- A library's number in WhatsApp: how its link to the phone stands, who of its people is who, and which of their files are asked for again.
-- +goose Up
create table whatsapp_links (
  library_id   bigint not null,
  channel_id   bigint not null,
  device       text not null default '',           -- the linked device, by which its keys are found; '' is none
  state        text not null default 'unlinked' check (state in ('unlinked', 'connecting', 'connected', 'logged_out', 'banned', 'outdated', 'replaced')),
  since        timestamptz not null default clock_timestamp(),
  until        timestamptz,                        -- of a ban
  problem      text not null default '',           -- the provider's code
  held_at      timestamptz,                        -- when the process that holds the number was last alive
  asked        text not null default '' check (asked in ('', 'qr', 'code', 'connect', 'unlink')), -- what that process is to do
  asked_phone  text not null default '',           -- the number on which the code will be typed
  asked_at     timestamptz,
  code         text not null default '',           -- the text of the picture to scan, or the letters to type; only while it works
  code_until   timestamptz,
  pair_problem text not null default '',           -- why the last try to link came to nothing
  heard_at     timestamptz,                        -- the last message from a reader
  said_at      timestamptz,                        -- the last message to a reader
  primary key (library_id, channel_id),
  foreign key (library_id, channel_id) references channels (library_id, id)
);

-- WhatsApp names one person by a phone number, by an id of its own (LID), or by both. The address never changes, whatever is learnt of them later.
create table whatsapp_people (
  library_id bigint not null,
  channel_id bigint not null,
  external   text not null,                        -- the address of the conversation
  lid        text,
  phone      text,
  heard_at   timestamptz,                          -- when they wrote first; null: they never did
  begun_at   timestamptz,                          -- when we wrote first to somebody who had not
  same_as    text,                                 -- the address of the same person that took this one's place; the row stays, so that nobody else gets it
  primary key (library_id, channel_id, external),
  unique (library_id, channel_id, lid),
  unique (library_id, channel_id, phone),
  check (case when same_as is null then lid is not null or phone is not null else lid is null and phone is null end),
  foreign key (library_id, channel_id) references channels (library_id, id)
);
create index whatsapp_begun on whatsapp_people (library_id, channel_id, begun_at) where begun_at is not null;
create index whatsapp_same on whatsapp_people (library_id, channel_id, same_as) where same_as is not null;

-- A file that WhatsApp's servers have dropped is sent up again by the phone it came from, when that is on.
create table whatsapp_media (
  library_id bigint not null,
  channel_id bigint not null,
  message    text not null,                        -- id of the message
  asked_at   timestamptz not null,
  path       text not null default '',             -- the phone's sealed word of where the file lies now; '' while it is awaited
  gone       boolean not null default false,       -- the phone has it no more
  primary key (library_id, channel_id, message),
  foreign key (library_id, channel_id) references channels (library_id, id)
);
