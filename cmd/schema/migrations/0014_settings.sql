-- What a library said in its legal texts stays readable: each wording of the consent, the rules and the papers, from when on, and by whom.
-- +goose Up
create table library_texts (
  library_id bigint not null references libraries,
  settings   int not null,                      -- version of the settings with which it came into force
  kind       text not null check (kind in ('consent', 'rules', 'papers')),
  part       text not null default '',          -- of the papers: which sentence
  lang       text not null,
  version    text not null,                     -- as the library calls it, for all languages and sentences of the kind
  text       text not null,
  hash       text not null,                     -- SHA-256 of the text, hex
  staff_id   bigint references staff,           -- null: from the command line
  since      timestamptz not null default clock_timestamp(),
  primary key (library_id, kind, settings, part, lang)
);

-- what is in force already; since when is not known
insert into library_texts (library_id, settings, kind, lang, version, text, hash)
select l.id, l.version, k.kind, t.key, coalesce(l.settings #>> array['registration', k.kind, 'version'], ''), t.value,
  encode(sha256(convert_to(t.value, 'UTF8')), 'hex')
from libraries l, (values ('consent'), ('rules')) as k (kind),
  jsonb_each_text(coalesce(nullif(l.settings #> array['registration', k.kind, 'text'], 'null'), '{}')) as t
where t.value <> '';
