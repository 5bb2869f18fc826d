-- A department that is asked for pages elsewhere than at the desk gets a slip; what answers that letter finds its order.
-- +goose Up
alter table orders
  add column again   text not null default '', -- for what the department is asked once more
  add column arranged boolean not null default false, -- a person has put the pages in order: what comes later stands behind them
  add column wiped   boolean not null default false, -- its term is over: the pages and the PDF are gone
  add column slip_at timestamptz;              -- a slip is owed: not sent before; while it is sent, the end of the claim
create index orders_past on orders (library_id, created_at) where state in ('sent', 'refused', 'cancelled') and not wiped;
create index orders_slips on orders (slip_at) where slip_at is not null;

create table order_slips (
  library_id      bigint not null,
  conversation_id bigint not null,             -- of the department's address, and the number of the letter in it
  seq             int not null,
  order_id        bigint not null,
  department_id   bigint not null,
  primary key (library_id, conversation_id, seq),
  foreign key (library_id, conversation_id) references conversations (library_id, id),
  foreign key (library_id, order_id) references orders (library_id, id),
  foreign key (library_id, department_id) references departments (library_id, id)
);
