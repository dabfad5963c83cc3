-- What happened in rooms and was not said: who came and went, topics, modes, nicks. A table of its own, since far more of
-- it happens than is said, most readers want none of it, and it is forgotten after a while: messages are found as before,
-- and a page with both merges the two indexes. A QUIT is a row for each room that it was seen in, under one msgid.
create table event (
    seq integer primary key,        -- the place in the log; written later than what stands behind it there
    time integer not null,          -- ms since 1970, UTC; never decreases with seq
    conversation integer not null,  -- conversation.id
    msgid text not null,
    command text not null,          -- JOIN, PART, QUIT, KICK, NICK, TOPIC, MODE
    source text not null,
    sender text not null,           -- "" for the server
    account text not null,
    target text not null,           -- the room's name as it was
    text text not null              -- what the line says besides
) strict;

create index event_by_time on event (conversation, time);
