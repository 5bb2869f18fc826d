-- Full registration: what was answered beyond name, birth and address, and a registration that waits for its papers.
-- +goose Up
alter table registrations
  add column papers boolean not null default false, -- signed papers belong to it
  add column by_post_at timestamptz,                -- when the reader said that the papers come by post
  add column answers jsonb not null default '[]',  -- [{key, value}], in the order in which they were asked
  drop constraint registrations_state_check,
  add constraint registrations_state_check check (state in ('papers', 'sent', 'accepted', 'refused', 'done', 'withdrawn'));
drop index registration_once;
create unique index registration_once on registrations (library_id, reader_id) where state in ('papers', 'sent', 'accepted');
create index registrations_papers on registrations (library_id, created_at) where state = 'papers';
