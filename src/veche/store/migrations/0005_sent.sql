-- A hash of the sender and of the id that he gave to his message, 63 bits; null for one without. Found again when the
-- message is sent again because the answer was lost. The rest of the row says whether that was within the last day.
alter table message add column sent integer;
create index message_by_sent on message (sent) where sent is not null;
