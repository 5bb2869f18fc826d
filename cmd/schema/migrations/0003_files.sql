-- What is known of each file that people send and are sent; the bytes lie encrypted in the file store.

-- +goose Up
create table files (
    id          text        not null primary key check (id ~ '^[a-z2-7]{26}$'),
    library_id  bigint      not null references libraries (id),
    sha256      bytea       not null check (length(sha256) = 32),
    size        bigint      not null check (size >= 0),
    name        text        not null default '' check (length(name) <= 120),
    media_type  text        not null check (media_type <> ''),
    kind        text        not null check (kind in ('image', 'pdf', 'text', 'document', 'other')),
    width       integer     not null default 0 check (width >= 0),
    height      integer     not null default 0 check (height >= 0),
    pages       integer     not null default 0 check (pages >= 0),
    problem     text        not null default '' check (problem in
        ('', 'empty', 'too_small', 'dark', 'blurred', 'cut_off', 'too_many_pages',
         'unreadable', 'infected', 'too_large', 'not_an_image')),
    state       text        not null default 'stored' check (state in
        ('stored', 'clean', 'infected', 'unreadable', 'purged')),
    preview_id  text,
    linked      boolean     not null default false, -- something shows it; what nothing does after a day is purged
    created_at  timestamptz not null,
    purged_at   timestamptz,
    unique (library_id, id),
    foreign key (library_id, preview_id) references files (library_id, id),
    check (preview_id <> id),
    check ((state = 'purged') = (purged_at is not null))
);

create index files_unlinked on files (created_at) where not linked and state <> 'purged';
create index files_previews on files (library_id, preview_id) where preview_id is not null;

-- Bytes in the file store for which no living row of files stands: arriving, or to be removed.
create table pending_blobs (
    id          text        not null primary key,
    library_id  bigint      not null references libraries (id),
    due_at      timestamptz not null
);
create index pending_blobs_due on pending_blobs (due_at);
