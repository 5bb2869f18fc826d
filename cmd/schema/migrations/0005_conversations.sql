-- Conversations and what moves them. Whoever adds an event or an outgoing message locks the conversation and takes the next number from it: order never depends on a clock.
-- +goose Up
create table conversations (
  library_id  bigint not null,
  id          bigint not null,                  -- the address's own
  lang        text not null,
  lang_chosen boolean not null default false,   -- by the reader, not guessed
  state       jsonb not null default '{}',      -- of the flow; all that survives between turns
  turn        int not null default 0,
  next_event  int not null default 1,
  next_out    int not null default 1,
  ready_at    timestamptz,                      -- when the oldest unfinished event may be worked; null: none waits
  wake_at     timestamptz,
  wake_turn   int,                              -- a newer turn makes wake_at void
  speaker     bigint,                           -- of staff; null: the bot
  epoch       int not null default 0,           -- grows with each change of speaker
  dialogue    int not null default 0,           -- counts stretches of talk, for statistics
  heard_at    timestamptz,                      -- when the reader last wrote
  created_at  timestamptz not null default clock_timestamp(),
  primary key (library_id, id),
  foreign key (library_id, id) references addresses (library_id, id)
) with (fillfactor = 70);
-- +goose StatementBegin
-- Conversations by their keys, or those that this transaction has claimed: the statement that claims notes them, so that what is to be read of them goes
-- in the same round trip.
create function in_hand(libs bigint[], ids bigint[]) returns table (lib bigint, id bigint, n bigint) stable language sql as $$
  select * from unnest(coalesce(libs, string_to_array(current_setting('librarian.libs', true), ',')::bigint[]),
    coalesce(ids, string_to_array(current_setting('librarian.ids', true), ',')::bigint[])) with ordinality
$$;
-- +goose StatementEnd
create index conversations_ready on conversations (ready_at) where ready_at is not null;
create index conversations_wake on conversations (wake_at) where wake_at is not null;
create index conversations_speaker on conversations (library_id, speaker) where speaker is not null;

create table events (
  library_id      bigint not null,
  conversation_id bigint not null,
  seq             int not null,
  kind            text not null check (kind in ('message', 'staff', 'timeout', 'job', 'resume')),
  external_id     text not null,                -- identity for good within the conversation
  body            jsonb not null,
  state           text not null check (state in ('waiting', 'ready', 'done', 'dead')),
  urgent          boolean not null default false, -- a word that waits for no file
  muted           boolean not null default false, -- a person spoke when it was received: it is theirs, though it is worked later
  attempts        int not null default 0,
  written_at      timestamptz not null,         -- by the channel's clock
  received_at     timestamptz not null,         -- by the clock of the process: the waits below are counted from it
  ready_at        timestamptz not null,         -- when it may be worked
  fetch_at        timestamptz,                  -- of a waiting one: when its files are to be fetched and looked at
  fetches         int not null default 0,       -- how often that was tried
  done_at         timestamptz,
  turn            jsonb,                        -- how it was answered: settings version, answers, state before and after
  primary key (library_id, conversation_id, seq),
  unique (library_id, conversation_id, external_id),
  foreign key (library_id, conversation_id) references conversations (library_id, id)
) with (fillfactor = 80);
create index events_unfinished on events (library_id, conversation_id, seq) where state in ('waiting', 'ready');
create index events_to_fetch on events (fetch_at) where state = 'waiting';

-- events in hand: one row a worker, committed before the first ask of its group and written over by the next; what is still ready when the process has
-- died shows which event kills. It need not outlive a crash of the database, which empties it.
create unlogged table working (
  instance bigint not null,
  worker   int not null,
  libs     bigint[] not null,
  convs    bigint[] not null,
  seqs     text[] not null,                     -- of each conversation: its events, as an array's text
  noted_at timestamptz not null default clock_timestamp(),
  primary key (instance, worker)
);
create sequence instances;
