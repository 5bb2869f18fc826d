-- Newcomers: whose card waits for the lesson for new readers or a test, what they have chosen, and who certified it.
-- +goose Up
create table newcomers (
  library_id      bigint not null,
  registration_id bigint not null,
  state           text not null default 'needed' check (state in ('needed', 'booked', 'certified', 'missed', 'waived', 'ended')),
  how             text check (how in ('lesson', 'test')), -- chosen, and once certified: what was passed
  slot_at         timestamptz,                  -- when the lesson begins
  slot_until      timestamptz,
  place           jsonb,                        -- as the reader was told, by language: the timetable may change
  reason          text not null default '',     -- why it was waived
  reminded_at     timestamptz,                  -- of this slot
  created_at      timestamptz not null,
  decided_by      bigint,
  decided_at      timestamptz,
  primary key (library_id, registration_id),
  foreign key (library_id, registration_id) references registrations (library_id, id),
  check ((slot_at is null) = (slot_until is null)),
  check (state <> 'booked' or how is not null and (how = 'lesson') = (slot_at is not null)),
  check (state <> 'certified' or how is not null),
  check ((state = 'waived') = (reason <> '')),
  check (state not in ('certified', 'missed', 'waived') or decided_at is not null and decided_by is not null)
);
create index newcomers_seats on newcomers (library_id, slot_at) where slot_at is not null and state in ('booked', 'certified');
create index newcomers_waiting on newcomers (library_id, slot_at, registration_id) where state in ('needed', 'booked', 'missed');
create index newcomers_unreminded on newcomers (slot_at) where state = 'booked' and reminded_at is null and slot_at is not null;
