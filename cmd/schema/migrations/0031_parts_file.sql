-- A file whose pages were divided among orders is kept for the last of them: who else stands on it is asked by the file.
-- +goose Up
create index order_parts_file on order_parts (library_id, file_id);
