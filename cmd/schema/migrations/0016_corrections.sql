-- What staff find out about a registration: a field corrected, a card that the reader has had all along, a person who is known already.
-- +goose Up
create table field_changes (
  library_id      bigint not null references libraries,
  id              bigint generated always as identity,
  registration_id bigint not null,
  key             text not null check (key in ('name', 'born', 'email', 'phone') or key like 'answer.%'),
  old             text not null,                -- as it is stored: a day as YYYY-MM-DD, a choice by its id; empty: nothing was given
  new             text not null,
  reason          text not null default '',     -- as staff wrote it to the reader
  changed_by      bigint not null,
  changed_at      timestamptz not null,
  primary key (library_id, id),
  foreign key (library_id, registration_id) references registrations (library_id, id),
  check (old <> new)
);
create index field_changes_registration on field_changes (library_id, registration_id, id);

-- a card of the library's that was issued before the reader came to us: it may have no password here
alter table cards
  add column elsewhere boolean not null default false,
  alter column password_hash drop not null,
  add check (elsewhere or password_hash is not null);

-- who was registered twice is the earlier reader: nothing more happens under the later name
alter table readers
  add column double_of bigint check (double_of <> id),
  add foreign key (library_id, double_of) references readers (library_id, id);
create index readers_double on readers (library_id, double_of) where double_of is not null;

-- The name as it sounds: words in the order of the alphabet, small letters, each in Cyrillic however it was typed, without what is left out or mixed up
-- by mistake. It is compared with another such name and never shown.
-- +goose StatementBegin
create function name_key(name text) returns text language sql immutable strict parallel safe as $$
select coalesce(string_agg(k, ' ' order by k collate "C"), '') from (
  select regexp_replace(translate(replace(replace(replace(replace(replace(replace(replace(
    case when w ~ '[а-яёіїєґўҕҥөһү]'
      then translate(w, 'abcehkmoptxyi', 'авсенкмортхуі')
      else translate(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(w,
        'shch', 'щ'), 'sch', 'щ'), 'zh', 'ж'), 'kh', 'х'), 'ts', 'ц'), 'ch', 'ч'), 'sh', 'ш'),
        'yu', 'ю'), 'iu', 'ю'), 'ya', 'я'), 'ia', 'я'), 'ye', 'е'), 'yo', 'е'), 'x', 'кс'),
        'abcdefghijklmnopqrstuvwyz', 'абцдефгхийклмнопкрстуввиз')
    end, 'йа', 'я'), 'йя', 'я'), 'ия', 'я'), 'ія', 'я'), 'йо', 'е'), 'йу', 'ю'), 'йэ', 'е'),
    'ёэйіїыєґўҕҥөһүщъь''’ʼ`.', 'ееииииегугнохуш'), '(.)\1+', '\1', 'g') as k
  from regexp_split_to_table(lower(normalize(name, nfkc)), '[\s-]+') as w) words
where k <> ''
$$;
-- +goose StatementEnd

alter table readers add column name_key text not null generated always as (name_key(name)) stored;
create index readers_name on readers (library_id, name_key) where erased_at is null;
-- the phone number may be an answer beside an e-mail
create index registrations_phone on registrations (library_id, (jsonb_path_query_first(answers, '$[*] ? (@.key == "phone")') ->> 'value'))
  where jsonb_path_exists(answers, '$[*] ? (@.key == "phone")');
