-- What is written and read whole at each turn is json, not jsonb: to take it apart and put it together again cost more than all else of a turn.
-- +goose Up
alter table conversations
  alter column state drop default,
  alter column state type json using state::json,
  alter column state set default '{}';
alter table events
  alter column body type json using body::json,
  alter column turn type json using turn::json;
alter table outbox alter column body type json using body::json;
