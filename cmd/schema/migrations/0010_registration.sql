-- Full registration: what was answered beyond name, birth and address, and a registration that waits for its papers.
-- +goose Up
alter table registrations
  add column answers jsonb not null default '[]',  -- [{key, value}], in the order in which they were asked
  drop constraint registrations_state_check,
  add constraint registrations_state_check check (state in ('papers', 'sent', 'accepted', 'refused', 'done', 'withdrawn'));
drop index registration_once;
create unique index registration_once on registrations (library_id, reader_id) where state in ('papers', 'sent', 'accepted');
