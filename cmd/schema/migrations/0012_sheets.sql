-- What was seen on each page of the pictures and PDFs that people send; a page's preview is a file of its own.

-- +goose Up
create table file_sheets (
    library_id  bigint   not null references libraries (id),
    file_id     text     not null,
    number      smallint not null check (number between 1 and 20),
    preview_id  text,
    code        text     not null default '' check (code ~ '^(LR1[.][0-9A-Z $%*+./:-]{0,60})?$'),
    problem     text     not null default '' check (problem in ('', 'too_small', 'dark', 'blurred', 'cut_off')),
    unsigned    boolean  not null default false,
    primary key (library_id, file_id, number),
    foreign key (library_id, file_id) references files (library_id, id),
    foreign key (library_id, preview_id) references files (library_id, id),
    check (preview_id <> file_id),
    check (code <> '' or not unsigned)
);

create index file_sheets_previews on file_sheets (library_id, preview_id) where preview_id is not null;
