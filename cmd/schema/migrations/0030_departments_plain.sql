-- Requests go to the chats that a department's people have bound, each their own. Who serves articles serves periodicals.
-- +goose Up
alter table departments drop column chat_id;
update departments set purposes = case when 'article' = any(purposes) then array_remove(purposes, 'periodicals') else array_replace(purposes, 'periodicals', 'article') end
where 'periodicals' = any(purposes);
