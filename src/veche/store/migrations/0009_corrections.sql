-- Messages are edited: the row has the newest text, and when it was written; how it read before is beside it, for those
-- who may know. Emptied when the message is taken back.
alter table message add column edited integer;  -- ms; null for what reads as it was said

create table edit (
    seq integer primary key,
    time integer not null,
    message integer not null,       -- message.seq
    msgid text not null,            -- under which others have heard of the change
    was text not null,              -- how it read until then
    sent integer                    -- as in message: of the id that the author gave to the change
) strict;

create index edit_of_message on edit (message);
create index edit_by_sent on edit (sent) where sent is not null;

-- Edits and redactions are among what happened in a conversation, for devices that were away: "EDIT PRIVMSG", "EDIT
-- NOTICE" and "REDACT" (its text is why). What the message says now is read from its own row.
alter table event add column message integer;  -- message.seq
create index event_of_message on event (message) where message is not null;

-- Which messages answer to which: all that belong to one thread have its first message as their root, however far in
-- between. The root itself has no row.
create table reply (
    message integer primary key,    -- message.seq
    root integer not null           -- message.seq
) strict;

create index reply_of_root on reply (root, message);
