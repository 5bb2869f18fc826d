-- Since when a channel works or does not, and the one task that calls for help meanwhile.
-- +goose Up
alter table channels add column since timestamptz not null default clock_timestamp(); -- of state and problem

alter table tasks
  add column channel_id bigint,                 -- the channel that does not work
  add foreign key (library_id, channel_id) references channels (library_id, id);
create unique index tasks_of_channel on tasks (library_id, channel_id) where channel_id is not null and state <> 'done';
create index tasks_once_of_channel on tasks (library_id, channel_id) where channel_id is not null;
