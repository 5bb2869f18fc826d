-- Everything that is sent, in the order of its conversation, one in flight per address; also the library's half of each conversation's history.
-- A row names no conversation and no channel by foreign key: whoever adds it holds the conversation's lock and has read the channel from its address, and both
-- are never deleted. To look them up again costs a third of the insert, and every process would lock the channel's one row.
-- +goose Up
create table outbox (
  library_id      bigint not null,
  conversation_id bigint not null,
  seq             int not null,
  channel_id      bigint not null,
  kind            text not null check (kind in ('bot', 'staff', 'notice', 'code', 'reminder', 'desk')),
  epoch           int not null,
  staff_id        bigint,                       -- who wrote it
  body            jsonb not null,
  secret_id       text,
  state           text not null default 'queued' check (state in ('queued', 'leased', 'sent', 'confirmed', 'failed', 'withdrawn')),
  fenced          boolean not null default false, -- if it comes back unsent it is withdrawn
  attempts        int not null default 0,
  next_at         timestamptz not null,
  until           timestamptz not null,         -- not tried after that
  lease_until     timestamptz,
  provider_id     text,
  problem         text not null default '',     -- the provider's code
  created_at      timestamptz not null default clock_timestamp(),
  sent_at         timestamptz,
  confirmed_at    timestamptz,
  copied_at       timestamptz,                  -- when it was tried by another address, or staff were told
  primary key (library_id, conversation_id, seq),
  foreign key (library_id, secret_id) references secrets (library_id, id)
) with (fillfactor = 80);
create index outbox_queued on outbox (channel_id, next_at) where state = 'queued';
create index outbox_unsent on outbox (library_id, conversation_id, seq) where state in ('queued', 'leased');
create index outbox_leases on outbox (lease_until) where state = 'leased';
create index outbox_unseen on outbox (sent_at) where state = 'sent' and kind in ('staff', 'notice') and copied_at is null;
create index outbox_sent on outbox (channel_id, sent_at) where state = 'sent';
create index outbox_secrets on outbox (library_id, secret_id) where secret_id is not null;
