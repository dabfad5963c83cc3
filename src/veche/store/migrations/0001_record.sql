-- What is true of the whole database. "needs" is the oldest version of Veche that knows this schema: an older one
-- reads it to say what to start instead of itself, so this table may never change.
create table about (
    key text primary key,
    value text not null
) strict, without rowid;

insert into about values ('needs', '0.1.0');

-- A conversation in one era: 0 for what all its readers may read, else the incarnation of a closed room. Names are long
-- and repeat in every message; here they stand once, and a message's row and index hold a small number instead.
create table conversation (
    id integer primary key,
    name text not null,
    era integer not null,
    unique (name, era)
) strict;

-- One message, once, for ever. The rowid is the place in the log, so rows are written at the end of the table.
create table message (
    seq integer primary key,
    time integer not null,          -- ms since 1970, UTC; never decreases with seq
    conversation integer not null,  -- conversation.id; no foreign key: it would be looked up at every row
    msgid text not null,            -- begins with the time, so it is found through the index below
    command text not null,
    source text not null,
    sender text not null,
    account text not null,
    target text not null,
    tags text not null,
    text text not null
) strict;

-- The only index: it pages by time, by place in the log (it ends in the rowid, and time never decreases with it), and
-- finds a message id by the time inside it.
create index message_by_time on message (conversation, time);

-- Facts that must be known again after a restart, in the order of the log; few, and now and then replaced by fewer.
create table saved_fact (
    seq integer primary key,
    kind text not null,
    body text not null              -- the fact's values as a JSON object
) strict;

pragma application_id = 1449485160;  -- 0x56656368, "Vech"
