-- A question that a department answers for a librarian (F7).
-- +goose Up
alter table tasks
  add column reply      text not null default '', -- what the department answers, for the librarian to send
  add column replied_by bigint,                   -- that department
  add foreign key (library_id, replied_by) references departments (library_id, id);
