-- What a person made of a letter that matched nothing: which order got its pages, or why it was put aside.
-- +goose Up
alter table letters
  add column order_id bigint,
  add column settled_words text not null default '', -- of staff
  add foreign key (library_id, order_id) references orders (library_id, id);
