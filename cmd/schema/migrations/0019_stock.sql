-- The catalogue: works, their editions, the copies on the shelves, and the words of titles and authors, by which a word with a slip in it is understood.
-- +goose Up
-- The dictionaries know no stop words: a title may consist of them ("Мы").
create text search dictionary catalogue_russian (template = snowball, language = russian);
create text search dictionary catalogue_english (template = snowball, language = english);
create text search configuration catalogue (copy = simple);
alter text search configuration catalogue alter mapping for word with catalogue_russian;
alter text search configuration catalogue alter mapping for asciiword with catalogue_english;

create table titles (
  library_id    bigint not null references libraries,
  id            bigint generated always as identity,
  key           bytea not null,                 -- SHA-256 of what makes it another work: author, title, kind, language, free or not
  led_by        text not null,                  -- the record that the mark and the tags are taken from: the first that had this work
  title         text not null check (title <> ''),
  title_key     text not null,                  -- its words as a search writes them, the first 200 characters
  author        text not null default '',       -- as in the heading: Толстой, Лев Николаевич
  kind          text not null check (kind in ('book', 'article', 'periodical', 'map', 'music', 'other')),
  lang          text not null default '',       -- as in the record, lower case: rus, sah
  public_domain boolean not null default false, -- of this work, or of this translation of it
  age_mark      int not null default 0 check (age_mark in (0, 6, 12, 16, 18)),
  tags          text[] not null default '{}',   -- genres and subjects
  primary key (library_id, id),
  unique (library_id, key)
);
create index titles_by_title on titles (library_id, title_key);

create table editions (
  library_id  bigint not null references libraries,
  id          bigint generated always as identity,
  title_id    bigint not null,
  source      text not null,                    -- the record's id in the catalogue that it was imported from
  digest      bytea not null,                   -- SHA-256 of the record: the same again changes nothing
  place       text not null default '',
  publisher   text not null default '',
  year        int check (year between 1000 and 2999),
  pages       int check (pages > 0),            -- null: unknown
  isbn        text not null default '',         -- or ISSN, as printed
  isbn_key    text not null default '',         -- thirteen digits, or eight of an ISSN; empty: none that can be searched
  volume      text not null default '',         -- volume, or the periodical's issue
  link        text not null default '',         -- where the text can be read
  description text not null check (description <> ''), -- bibliographic, in one line
  words       tsvector not null,                -- A the title, B the author, C everything else
  primary key (library_id, id),
  unique (library_id, source),
  foreign key (library_id, title_id) references titles (library_id, id)
);
create index editions_of_title on editions (library_id, title_id);
create index editions_by_isbn on editions (library_id, isbn_key) where isbn_key <> '';
create index editions_by_words on editions using gin (words);

create table copies (
  library_id bigint not null references libraries,
  id         bigint generated always as identity,
  edition_id bigint not null,
  key        text not null,                     -- the words of the inventory number; of a copy without one the record's id, # and which copy it is
  siglum     text not null default '',
  fund       text not null default '',
  inventory  text not null default '',
  state      text not null default 'in' check (state in ('in', 'lost', 'written_off')),
  primary key (library_id, id),
  unique (library_id, key),
  foreign key (library_id, edition_id) references editions (library_id, id)
);
create index copies_of_edition on copies (library_id, edition_id);

-- A word and everything it becomes when one letter is left out. Two words are one slip apart (a letter wrong, missing, too many, two that changed places)
-- if they have one of these in common.
-- +goose StatementBegin
create function slips(word text) returns text[] language sql immutable strict parallel safe as
$$ select array(select distinct left(word, i) || substr(word, i + 2) from generate_series(0, length(word)) i) $$;
-- +goose StatementEnd

create table vocabulary (
  library_id bigint not null references libraries,
  word       text not null,                     -- of a title or an author, as it stands there or without its ending
  lexeme     text not null,                     -- what editions.words has for it
  slips      text[] not null generated always as (slips(word)) stored,
  primary key (library_id, word, lexeme)
);
create index vocabulary_slips on vocabulary using gin (slips);
