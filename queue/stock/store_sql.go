package stock

// Mark and tags of a work are those of the record that led it in, as long as that record has the work; so the same file again changes nothing.
const insertTitles = `insert into titles as t (library_id, key, led_by, title, title_key, author, kind, lang, public_domain, age_mark, tags)
select distinct on (work) $1, work, source, title, title_key, author, kind, lang, public_domain, age_mark, tags from staged order by work, n
on conflict (library_id, key) do update set led_by = excluded.led_by, title = excluded.title, author = excluded.author, age_mark = excluded.age_mark, tags = excluded.tags
where t.led_by = excluded.led_by or not exists (select from editions e where e.library_id = t.library_id and e.title_id = t.id and e.source = t.led_by)`

const insertEditions = `with stored as (
  insert into editions as e (library_id, title_id, source, digest, place, publisher, year, pages, isbn, isbn_key, volume, link, description, words)
  select $1, t.id, s.source, s.digest, s.place, s.publisher, s.year, s.pages, s.isbn, s.isbn_key, s.volume, s.link, s.description,
    setweight(to_tsvector('catalogue', s.title_words), 'A') || setweight(to_tsvector('catalogue', s.author_words), 'B') || setweight(to_tsvector('catalogue', s.other_words), 'C')
  from staged s join titles t on t.library_id = $1 and t.key = s.work order by s.n
  on conflict (library_id, source) do update set title_id = excluded.title_id, digest = excluded.digest, place = excluded.place, publisher = excluded.publisher,
    year = excluded.year, pages = excluded.pages, isbn = excluded.isbn, isbn_key = excluded.isbn_key, volume = excluded.volume, link = excluded.link,
    description = excluded.description, words = excluded.words
  returning e.xmax = 0 as added)
select count(*) filter (where added), count(*) filter (where not added) from stored`

// A copy that was without an inventory number and has one now is the same copy.
const numberCopies = `update copies c set key = s.key from staged_copies s join editions e on e.library_id = $1 and e.source = s.source
where c.library_id = $1 and c.edition_id = e.id and c.key = s.source || '#' || s.n and s.key <> c.key
  and not exists (select from copies k where k.library_id = $1 and k.key = s.key)`

// A copy of which the record does not say how it is stays as it is.
const insertCopies = `insert into copies as c (library_id, edition_id, key, siglum, fund, inventory, state)
select $1, e.id, s.key, s.siglum, s.fund, s.inventory, coalesce(nullif(s.state, ''), known.state, 'in')
from staged_copies s join editions e on e.library_id = $1 and e.source = s.source left join copies known on known.library_id = $1 and known.key = s.key
order by e.id, s.n
on conflict (library_id, key) do update set edition_id = excluded.edition_id, siglum = excluded.siglum, fund = excluded.fund, inventory = excluded.inventory, state = excluded.state`

// Numbers are not words: one slip makes another number of them.
const insertWords = `with whole as (
  select distinct w.word from staged s, regexp_split_to_table(s.title_words || ' ' || s.author_words, ' ') as w (word)
  where length(w.word) >= 3 and w.word !~ '[0-9]' and not exists (select from vocabulary v where v.library_id = $1 and v.word = w.word)),
stems as (select word, unnest(tsvector_to_array(to_tsvector('catalogue', word))) as lexeme from whole)
insert into vocabulary (library_id, word, lexeme)
select $1, word, lexeme from stems union select $1, lexeme, lexeme from stems order by 2, 3 on conflict do nothing`
