-- Work for staff and the people who do it.
-- +goose Up
create table departments (
  library_id bigint not null references libraries,
  id         bigint generated always as identity,
  name       jsonb not null,                    -- by language
  email      text not null default '',
  primary key (library_id, id)
);

create table staff (
  library_id    bigint references libraries,    -- null: an operator, who sees all libraries
  id            bigint generated always as identity primary key,
  login         text not null unique check (login ~ '^[a-z0-9][a-z0-9._@-]{1,63}$'),
  name          text not null,
  email         text not null default '',
  role          text not null check (role in ('operator', 'director', 'librarian', 'registrar', 'control', 'department', 'head', 'digitiser', 'centre', 'methodist', 'gate', 'auditor')),
  department_id bigint,
  lang          text not null default 'ru',
  password_hash text not null,
  must_change   boolean not null default true,
  totp_secret   bytea,                          -- age; null until a second factor is set up
  totp_last     bigint not null default 0,      -- the last time step used, so that no code works twice
  notify_email  boolean not null default false,
  notify_library bigint,                        -- of the conversation: an operator's may be in any library
  notify_at     bigint,                         -- conversation where new and late tasks are told
  bind_word     bytea unique,                   -- SHA-256 of the word that makes the conversation in which it is written the one above
  bind_until    timestamptz,
  state         text not null default 'on' check (state in ('on', 'off')),
  created_at    timestamptz not null default clock_timestamp(),
  check (role = 'operator' or library_id is not null),
  foreign key (library_id, department_id) references departments (library_id, id),
  check (library_id = notify_library),
  check ((notify_at is null) = (notify_library is null)),
  check ((bind_word is null) = (bind_until is null)),
  foreign key (notify_library, notify_at) references conversations (library_id, id)
);
create index staff_library on staff (library_id);
create index staff_notify on staff (notify_library, notify_at) where notify_at is not null;

create table sessions (
  id         bytea primary key,                 -- SHA-256 of the cookie
  staff_id   bigint not null references staff,
  library_id bigint references libraries,       -- the one being looked at
  state      text not null check (state in ('password', 'full')), -- password: the second factor is still owed
  created_at timestamptz not null,
  seen_at    timestamptz not null,
  ended_at   timestamptz,
  agent      text not null default '',
  totp_pending bytea                            -- age; a second factor shown but not yet confirmed by a code
);
create index sessions_staff on sessions (staff_id) where ended_at is null;
create index sessions_old on sessions (seen_at);

-- failures to sign in, of any login that was tried: whether it exists does not show
create table sign_in_tries (
  login    bytea primary key,                   -- SHA-256: people type passwords into the wrong field
  failures int not null,
  last_at  timestamptz not null
);
create index sign_in_tries_old on sign_in_tries (last_at);

create table tasks (
  library_id      bigint not null references libraries,
  id              bigint generated always as identity,
  kind            text not null,
  state           text not null default 'open' check (state in ('open', 'taken', 'done')),
  role            text not null,                -- whose work it is
  department_id   bigint,
  conversation_id bigint,
  reader_id       bigint,
  registration_id bigint,
  reader_name     text not null default '',     -- as it was when the task was opened, for the list
  channel         text not null default '',     -- kind of channel, for the list
  note            text not null default '',     -- what was asked, in the reader's words
  holder          bigint references staff,
  outcome         text not null default '',
  created_at      timestamptz not null,
  due_at          timestamptz not null,
  taken_at        timestamptz,
  done_at         timestamptz,
  late_told_at    timestamptz,
  told_at         timestamptz,
  primary key (library_id, id),
  foreign key (library_id, department_id) references departments (library_id, id),
  foreign key (library_id, conversation_id) references conversations (library_id, id),
  foreign key (library_id, reader_id) references readers (library_id, id),
  foreign key (library_id, registration_id) references registrations (library_id, id),
  check ((state = 'taken') <= (holder is not null))
);
create index tasks_open on tasks (library_id, due_at, id) where state <> 'done';
create index tasks_conversation on tasks (library_id, conversation_id) where state <> 'done';
create index tasks_done on tasks (library_id, done_at, id) where state = 'done';
create index tasks_held on tasks (holder) where state = 'taken';
create index tasks_untold on tasks (id) where state = 'open' and told_at is null;
create index tasks_untold_late on tasks (due_at) where state <> 'done' and late_told_at is null;

create table task_log (
  library_id bigint not null,
  task_id    bigint not null,
  id         bigint generated always as identity,
  at         timestamptz not null default clock_timestamp(),
  staff_id   bigint references staff,
  act        text not null,
  detail     text not null default '',
  primary key (library_id, task_id, id),
  foreign key (library_id, task_id) references tasks (library_id, id)
);

-- append only: the application may neither change nor delete a row
create table audit (
  id         bigint generated always as identity primary key,
  library_id bigint references libraries,
  at         timestamptz not null default clock_timestamp(),
  staff_id   bigint references staff,
  act        text not null,
  object     text not null default '',          -- kind and id, never content
  detail     jsonb not null default '{}'
);
create index audit_library on audit (library_id, id desc);
create index audit_object on audit (library_id, object);
-- +goose StatementBegin
create function audit_is_append_only() returns trigger language plpgsql as $$
begin
  raise exception 'the audit log is append-only';
end $$;
-- +goose StatementEnd
create trigger audit_append_only before update or delete or truncate on audit for each statement execute function audit_is_append_only();
