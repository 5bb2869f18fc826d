-- What a reader's phone tells of messages: that one of ours was read, what sign was put to it, and that one of the reader's own was taken back.
-- +goose Up
alter table outbox
  add column read_at timestamptz,               -- the reader has looked at it, where the channel tells so
  add column reaction text not null default ''; -- the reader's sign to it
alter table events add column deleted_at timestamptz; -- its sender took it back: the words stay for staff

-- Ids that the sender chose: receipts and reactions name the messages by them.
create index outbox_own_ids on outbox (library_id, conversation_id, provider_id) where provider_id like '3EB0%';

-- How long a message may lie unseen is each channel's own.
drop index outbox_unseen;
create index outbox_unseen on outbox (channel_id, sent_at) where state = 'sent' and kind in ('staff', 'notice') and copied_at is null;
