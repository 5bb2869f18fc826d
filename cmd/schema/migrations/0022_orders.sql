-- Orders of fragments and articles: what a reader asked for, who looks for it, what came back page by page, and each step, so that a wrong one can be undone.
-- +goose Up
create table orders (
  library_id      bigint not null references libraries,
  id              bigint generated always as identity,
  token           text not null check (token ~ '^[a-z2-7]{26}$'), -- of slips and letters; it gives no access by itself
  kind            text not null check (kind in ('fragment', 'article')),
  state           text not null default 'new' check (state in ('new', 'asked', 'came', 'making', 'sent', 'refused', 'cancelled')),
  reader_id       bigint not null,
  conversation_id bigint not null,
  channel         text not null,                -- kind of channel by which it was ordered
  edition_id      bigint,                       -- null: the reader described it in words
  title           text not null check (title <> ''),
  pages           text not null check (pages <> ''), -- numbers, or the reader's words for a chapter
  count           int not null default 0 check (count >= 0), -- of pages; 0: not known
  want            text not null check (want in ('photo', 'scan')),
  permit          boolean not null default false, -- more than the rules allow: the department decides
  department_id   bigint,
  question        text not null default '',     -- of staff, while the reader's answer is waited for: the clock stands still
  asked_at        timestamptz,
  reason          text not null default '',     -- of a refusal: a code
  words           text not null default '',     -- of a refusal, as staff wrote them to the reader
  due_at          timestamptz not null,
  created_at      timestamptz not null,
  sent_at         timestamptz,
  file_ids        text[] not null default '{}', -- the PDF that was sent last, in as many parts as the channel demanded
  job_at          timestamptz,                  -- a released one: not joined before; while it is joined, the end of the claim
  tries           int not null default 0,
  released_by     bigint,
  primary key (library_id, id),
  unique (library_id, token),
  foreign key (library_id, reader_id) references readers (library_id, id),
  foreign key (library_id, conversation_id) references conversations (library_id, id),
  foreign key (library_id, edition_id) references editions (library_id, id),
  foreign key (library_id, department_id) references departments (library_id, id),
  check ((state = 'refused') = (reason <> '')),
  check ((state = 'making') = (job_at is not null)),
  check ((question <> '') = (asked_at is not null)),
  check (state <> 'sent' or sent_at is not null)
);
create index orders_metered on orders (library_id, reader_id, edition_id) where state not in ('refused', 'cancelled');
create index orders_reader on orders (library_id, reader_id, id);
create index orders_waiting on orders (library_id, conversation_id) where question <> '';
create index orders_open on orders (library_id, due_at, id) where state not in ('sent', 'refused', 'cancelled');
create index orders_making on orders (job_at) where state = 'making';

-- what came back, one row a page: a picture, or a page of a PDF
create table order_parts (
  library_id bigint not null,
  order_id   bigint not null,
  id         bigint generated always as identity,
  file_id    text not null,
  sheet      int not null default 0 check (sheet >= 0), -- page of a PDF from 1; 0 of a picture
  sha256     bytea not null,                    -- of the file: what comes twice is kept once
  preview_id text,
  name       text not null default '',          -- of the file, by which pages are put in order
  place      int not null,                      -- in the PDF to be
  turn       int not null default 0 check (turn in (0, 90, 180, 270)), -- degrees clockwise
  dropped    boolean not null default false,
  source     text not null check (source in ('desk', 'email', 'chat')),
  staff_id   bigint references staff,           -- who brought it by the desk
  came_at    timestamptz not null,
  primary key (library_id, order_id, id),
  unique (library_id, order_id, sha256, sheet),
  foreign key (library_id, order_id) references orders (library_id, id),
  foreign key (library_id, file_id) references files (library_id, id)
);

create table order_steps (
  library_id bigint not null,
  order_id   bigint not null,
  id         bigint generated always as identity,
  at         timestamptz not null,
  staff_id   bigint references staff,           -- null: the reader, or the program itself
  act        text not null,
  was        text not null,                     -- the state before
  became     text not null,
  department_id bigint,                         -- whose it was before
  undone     boolean not null default false,
  primary key (library_id, order_id, id),
  foreign key (library_id, order_id) references orders (library_id, id)
);

-- +goose StatementBegin
-- The readers for whom the writers of these conversations act, or of those that this transaction has claimed.
create function served_in_hand(libs bigint[], ids bigint[]) returns table (lib bigint, id bigint, reader bigint) stable language sql as $$
  select w.lib, w.id, cr.reader_id from in_hand(libs, ids) w
  join addresses a on a.library_id = w.lib and a.id = w.id
  join contact_readers cr on cr.library_id = a.library_id and cr.contact_id = a.contact_id
$$;
-- +goose StatementEnd

alter table tasks add column order_id bigint,
  add foreign key (library_id, order_id) references orders (library_id, id);
create index tasks_order on tasks (library_id, order_id) where state <> 'done';
