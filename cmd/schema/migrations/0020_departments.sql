-- A department works in its own hours and its own way, and knows what it holds: requests find it, and its own people alone see its tasks.
-- +goose Up
alter table departments
  add hours    jsonb,                           -- null: the library's
  add way      text not null default 'desk' check (way in ('desk', 'email', 'telegram')), -- where it gets requests and answers
  add listed   text[] not null default '{}',    -- addresses and domains (@library.example) from which its letters count
  add chat_id  bigint,                          -- conversation of its Telegram chat; null until it is bound
  add trusted  boolean not null default false,  -- its output may go out without a librarian's look
  add state    text not null default 'on' check (state in ('on', 'off')),
  add purposes text[] not null default '{}'
    check (purposes <@ array['fragment', 'article', 'periodicals', 'bibliographic', 'regional', 'content', 'digitisation', 'technical']),
  add version  int not null default 1,          -- grows with each change, so that nobody overwrites what they have not seen
  add foreign key (library_id, chat_id) references conversations (library_id, id);
create index departments_chat on departments (library_id, chat_id) where chat_id is not null;

-- who holds the copies of a siglum and a fund
create table sigla (
  library_id    bigint not null references libraries,
  siglum        text not null check (siglum <> ''),
  fund          text not null default '',       -- '': any fund
  department_id bigint not null,
  rank          int not null default 1,         -- where two departments hold it, the lowest is proposed first
  primary key (library_id, siglum, fund, department_id),
  foreign key (library_id, department_id) references departments (library_id, id)
);

alter table tasks
  add remind_at     timestamptz,                -- when its holder is told that little of the promised time is left; null: never
  add near_told_at  timestamptz,
  add paused_at     timestamptz;                -- since when the clock stands still: the reader is asked; null: it runs
create index tasks_untold_near on tasks (remind_at) where state <> 'done' and near_told_at is null;
-- the queue of those who belong to a department: its own tasks, and those of no department
create index tasks_bound on tasks (library_id, coalesce(department_id, 0), due_at, id)
  where state <> 'done' and role in ('department', 'head', 'digitiser');
create index tasks_bound_done on tasks (library_id, coalesce(department_id, 0), done_at, id)
  where state = 'done' and role in ('department', 'head', 'digitiser');
