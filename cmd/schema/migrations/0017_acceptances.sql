-- What a reader accepted beside the consent: the library's rules, with the text as it was shown; and the pictures that show how to photograph a paper.
-- +goose Up
create table rule_acceptances (
  library_id      bigint not null,
  registration_id bigint not null,               -- and with it the contact who accepted
  version         text not null,
  lang            text not null default '',      -- of the text that was shown; empty for those from before it was noted
  text_hash       text not null default '',      -- SHA-256 of that text, in consent_texts where it was still the library's when the registration was sent
  day             date not null,                 -- in the library's zone
  primary key (library_id, registration_id),
  foreign key (library_id, registration_id) references registrations (library_id, id)
);

-- until now the acceptance was an answer: version, a space, the day
insert into rule_acceptances (library_id, registration_id, version, day)
select g.library_id, g.id, left(a ->> 'value', -11), right(a ->> 'value', 10)::date
from registrations g, jsonb_array_elements(g.answers) a
where a ->> 'key' = 'rules' and a ->> 'value' ~ '^.+ [0-9]{4}-[0-9]{2}-[0-9]{2}$';
update registrations set answers = coalesce((select jsonb_agg(a order by n) from jsonb_array_elements(answers) with ordinality as e (a, n)
  where a ->> 'key' <> 'rules'), '[]') where answers @> '[{"key": "rules"}]';

-- which page a photo was of: one that a better photo has replaced can still be shown to have come
alter table paper_scans
  add column kind text check (kind in ('form', 'application', 'consent', 'surety')), -- null: it became no page, or is the preview of another file
  add column number int,
  add check ((kind is null) = (number is null));
update paper_scans s set kind = p.kind, number = g.number from papers p join paper_pages g on g.library_id = p.library_id and g.paper_id = p.id
where p.library_id = s.library_id and p.order_id = s.order_id and g.file_id = s.file_id;

-- papers that are complete while a file of their conversation is still to be fetched
alter table paper_orders add column held_at timestamptz;
create index paper_orders_held on paper_orders (held_at) where held_at is not null;

create table paper_examples (
  library_id bigint not null references libraries,
  lang       text not null,                      -- of the file's name, which is read out where the picture cannot be seen
  example    text not null,
  drawing    int not null,                       -- which drawing of the program it is
  file_id    text not null,
  primary key (library_id, lang, example),
  foreign key (library_id, file_id) references files (library_id, id)
);
