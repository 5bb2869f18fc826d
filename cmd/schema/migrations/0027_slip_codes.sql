-- The slip of an order bears a code by which a photo of it is known among its pages, and pictures tell when they were taken, by which pages are put in order.
-- +goose Up
alter table orders
  add column slip_files text[] not null default '{}', -- what was printed of it for the department
  -- with the number it makes the code; nobody guesses it, and it gives no right: who may bring pages is judged by who brings them
  add column mark text not null default upper(translate(substr(md5(gen_random_uuid()::text), 1, 8), '0189', 'wxyz')) check (mark ~ '^[A-Z2-7]{8}$');

alter table files
  add column taken      timestamp,             -- of a picture: what the camera's clock showed
  add column taken_east int check (taken_east between -1080 and 1080), -- minutes by which that clock is before UTC; null: it does not say
  add check (taken is not null or taken_east is null);

alter table order_parts
  add column delivery   text not null default '', -- the letter, message or upload that brought the file
  add column taken      timestamp,             -- as of the file
  add column taken_east int,
  add column slip       boolean not null default false; -- it shows the slip: it is left out unless a person takes it in

alter table order_slips
  add column shown_at   timestamptz;           -- a photo of it came in this conversation: what follows is for its order
