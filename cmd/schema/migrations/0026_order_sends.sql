-- Where a finished order goes, by several ways if a librarian chose them; links to what no channel takes; and that a reader was told of a promise that was not kept.
-- +goose Up
create table order_sends (
  library_id      bigint not null,
  order_id        bigint not null,
  id              bigint generated always as identity,
  conversation_id bigint,                       -- null: by letter to the e-mail that the reader has proven, until it is written
  mail            boolean not null default false, -- by such a letter
  file_ids        text[] not null default '{}', -- what went, or what the link leads to
  linked          boolean not null default false,
  problem         text not null default '' check (problem in ('', 'too_large', 'no_mail')), -- why it could not even be put on its way
  chosen_at       timestamptz not null,
  sent_at         timestamptz,                  -- given to the outbox, or found impossible; null: it is to go
  primary key (library_id, order_id, id),
  check (conversation_id is not null or mail),
  foreign key (library_id, order_id) references orders (library_id, id),
  foreign key (library_id, conversation_id) references conversations (library_id, id)
);
create unique index order_sends_owed on order_sends (library_id, order_id, coalesce(conversation_id, 0)) where sent_at is null;
create unique index order_sends_id on order_sends (library_id, id);
insert into order_sends (library_id, order_id, conversation_id, chosen_at) select library_id, id, conversation_id, now() from orders where state = 'making';

-- a page with a button, for whoever has its address
create table order_links (
  hash            bytea primary key,            -- SHA-256 of the 128 random bits in the address
  library_id      bigint not null,
  order_id        bigint not null,
  conversation_id bigint,                       -- where it was given; null: by letter
  lang            text not null,                -- of the page
  made_at         timestamptz not null,
  until_at        timestamptz not null,
  views           int not null check (views > 0), -- downloads
  used            int not null default 0 check (used between 0 and views), -- whole ones, and those under way
  begun           int not null default 0,
  foreign key (library_id, order_id) references orders (library_id, id),
  foreign key (library_id, conversation_id) references conversations (library_id, id)
);
create index order_links_order on order_links (library_id, order_id);

alter table secrets drop constraint secrets_purpose_check,
  add constraint secrets_purpose_check check (purpose in ('channel', 'password', 'code', 'link'));

alter table orders
  add column late_told_at timestamptz,          -- the reader knows that the promise was not kept
  add column hoped_at     timestamptz;          -- by when it is hoped for since
-- Of what was late before there was such news, the day of the change is no day to tell.
update orders set late_told_at = now() where due_at < now();
create index orders_late on orders (due_at) where state in ('new', 'asked', 'came') and question = '' and late_told_at is null;
