-- What people miss: a book to digitise first, a topic to buy books on, a resource to subscribe to; counted by people, so that the library knows what to get first.
-- +goose Up
-- what is missed, once for each way of writing it
create table need_topics (
  library_id bigint not null references libraries,
  id         bigint generated always as identity,
  kind       text not null check (kind in ('digitise', 'section', 'resource')),
  key        text not null check (key <> ''),   -- its words as a search of the catalogue writes them, in the order of the alphabet
  same_as    bigint,                            -- another way of writing that one, as staff have said; null: it stands for itself
  open       boolean not null default true,     -- nobody has decided on it since it was asked for last
  note       text not null default '',          -- of staff: what was decided last
  decided_at timestamptz,
  decided_by bigint references staff,
  version    int not null default 1,            -- grows with each change, so that nobody decides on what they have not seen
  primary key (library_id, id),
  unique (library_id, kind, key),
  foreign key (library_id, same_as) references need_topics (library_id, id),
  check (same_as <> id),
  check ((decided_at is null) = (note = '')),
  check (open or decided_at is not null)
);
create index need_topics_same on need_topics (library_id, same_as) where same_as is not null;

-- who misses it
create table needs (
  library_id      bigint not null references libraries,
  id              bigint generated always as identity,
  topic_id        bigint not null,
  words           text not null check (words <> ''), -- as it was said last
  conversation_id bigint,                       -- null: staff have written it down, or the person is forgotten
  reader_id       bigint,                       -- who it was, if registered
  category        text not null default '',     -- the answer of their registration at that moment, or of staff's words
  channel         text not null default '',     -- kind of channel
  staff_id        bigint references staff,      -- who wrote it down on somebody's behalf
  who             text not null default '',     -- on whose
  said_at         timestamptz not null,         -- the last time
  primary key (library_id, id),
  foreign key (library_id, topic_id) references need_topics (library_id, id),
  foreign key (library_id, conversation_id) references conversations (library_id, id),
  foreign key (library_id, reader_id) references readers (library_id, id),
  check (staff_id is null or conversation_id is null),
  check (who = '' or staff_id is not null)
);
create index needs_topic on needs (library_id, topic_id, said_at, id);
create index needs_said_at on needs (library_id, said_at);
create index needs_conversation on needs (library_id, conversation_id, said_at) where conversation_id is not null;
create index needs_reader on needs (library_id, reader_id) where reader_id is not null;

-- Needs with the contact that the conversation belongs to by now: whoever writes in two chats is one person as soon as these are joined.
create view needs_said as
select n.*, a.contact_id, coalesce(r.name, c.name, n.who) as name
from needs n
left join addresses a on a.library_id = n.library_id and a.id = n.conversation_id
left join contacts c on c.library_id = a.library_id and c.id = a.contact_id
left join readers r on r.library_id = n.library_id and r.id = n.reader_id;
