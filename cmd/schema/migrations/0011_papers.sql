-- Papers of a full registration: what is to be drawn, what was drawn, and how each page stands. A photo names its page, so that only a bad one is asked for again.
-- +goose Up
create table paper_orders (
  library_id      bigint not null references libraries,
  id              bigint generated always as identity,
  registration_id bigint not null,
  conversation_id bigint not null,              -- where the papers are asked for; its row may be gone before the papers' term is over
  token           text not null check (token ~ '^[A-Z2-7]{26}$'),
  state           text not null check (state in ('wanted', 'made', 'closed', 'void')),
  content         jsonb,                        -- what is to be printed; forgotten when it is, or when nobody wants it any more
  tries           int not null default 0,
  due_at          timestamptz not null,         -- a wanted one: not drawn before; while it is drawn, the end of the claim
  created_at      timestamptz not null,
  made_at         timestamptz,
  ended_at        timestamptz,                  -- from then on the term of its papers runs
  wiped           boolean not null default false, -- its files are gone
  primary key (library_id, id),
  unique (library_id, token),
  foreign key (library_id, registration_id) references registrations (library_id, id),
  check ((content is not null) = (state = 'wanted')),
  check ((ended_at is not null) = (state in ('closed', 'void'))),
  check (state not in ('made', 'closed') or made_at is not null)
);
create unique index paper_order_of_registration on paper_orders (library_id, registration_id) where state <> 'void';
create index paper_orders_wanted on paper_orders (due_at) where state = 'wanted';
create index paper_orders_ended on paper_orders (library_id, ended_at) where ended_at is not null and not wiped;

create table papers (
  library_id bigint not null,
  id         bigint generated always as identity,
  order_id   bigint not null,
  kind       text not null check (kind in ('form', 'application', 'consent', 'surety')),
  lang       text not null,                     -- of the text that counts
  version    text not null,                     -- of the library's text of the consent
  text_hash  text not null,                     -- SHA-256 of the wording
  file_id    text,                              -- as it was sent; null after its term
  primary key (library_id, id),
  unique (library_id, order_id, kind),
  foreign key (library_id, order_id) references paper_orders (library_id, id)
);

create table paper_pages (
  library_id  bigint not null,
  paper_id    bigint not null,
  number      int not null check (number between 1 and 99),
  state       text not null default 'wanted' check (state in ('wanted', 'received', 'accepted', 'returned')),
  file_id     text,                             -- the newest photo; null before the first, when it came by post, and after its term
  sheet       int not null default 0,           -- which page of the file
  preview_id  text,
  how         text check (how in ('code', 'reader', 'alone', 'staff', 'post')),
  unsigned    boolean not null default false,
  reason      text not null default '',         -- why it was returned, as staff wrote it to the reader
  received_at timestamptz,
  decided_at  timestamptz,
  decided_by  bigint,
  primary key (library_id, paper_id, number),
  foreign key (library_id, paper_id) references papers (library_id, id),
  check ((how is null) = (state = 'wanted')),
  check ((state = 'returned') = (reason <> '')),
  check ((state in ('accepted', 'returned')) = (decided_at is not null))
);

-- every file that came for an order, also those that a better photo has taken the place of: they all go when its term is over
create table paper_scans (
  library_id bigint not null,
  order_id   bigint not null,
  file_id    text not null,
  primary key (library_id, order_id, file_id),
  foreign key (library_id, order_id) references paper_orders (library_id, id)
);
create index paper_scans_file on paper_scans (library_id, file_id);
