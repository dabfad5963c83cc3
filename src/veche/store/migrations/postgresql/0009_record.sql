-- The whole schema as SQLite has it after its ninth file: from there on every number has a file for each engine.
-- Text is compared byte by byte ("C"): that is what SQLite does, and no new version of a system's locales can put an
-- index out of order.

-- What is true of the whole database: "schema" is the number of the last file applied. "needs" is the oldest version of
-- Veche that knows this schema: an older one reads it to say what to start instead of itself, so this table may never
-- change. "writer" names the server that wrote last.
create table about (
    key text collate "C" primary key,
    value text collate "C" not null
);

insert into about values ('needs', '0.1.0');

create table conversation (
    id integer primary key,
    name text collate "C" not null,
    era bigint not null,
    unique (name, era)
);

create table message (
    seq bigint primary key,
    time bigint not null,
    conversation integer not null,
    msgid text collate "C" not null,
    command text collate "C" not null,
    source text collate "C" not null,
    sender text collate "C" not null,
    account text collate "C" not null,
    target text collate "C" not null,
    tags text collate "C" not null,
    text text collate "C" not null,
    redaction bigint,
    sent bigint,
    checksum bigint,
    edited bigint
);

create index message_by_time on message (conversation, time, seq);
create index message_by_sent on message (sent) where sent is not null;

create table saved_fact (
    seq bigint primary key,
    kind text collate "C" not null,
    body text collate "C" not null,
    checksum bigint
);

-- Rows that are written over all the time find room for their next version beside them (fillfactor), so that no index
-- has to be touched.
create table keyed_fact (
    kind text collate "C" not null,
    key text collate "C" not null,
    seq bigint not null,
    body text collate "C" not null,
    checksum bigint,
    primary key (kind, key)
) with (fillfactor = 70);

create table redaction (
    seq bigint primary key,
    time bigint not null,
    message bigint not null,
    source text collate "C" not null,
    sender text collate "C" not null,
    account text collate "C" not null,
    reason text collate "C" not null
);

create table reaction (
    seq bigint primary key,
    time bigint not null,
    message bigint not null,
    value text collate "C" not null,
    who text collate "C" not null,
    msgid text collate "C" not null default '',
    source text collate "C" not null default '',
    account text collate "C" not null default '',
    unique (message, value, who)
);

create table participant (
    who text collate "C" not null,
    conversation integer not null,
    primary key (who, conversation)
);

create table event (
    seq bigint primary key,
    time bigint not null,
    conversation integer not null,
    msgid text collate "C" not null,
    command text collate "C" not null,
    source text collate "C" not null,
    sender text collate "C" not null,
    account text collate "C" not null,
    target text collate "C" not null,
    text text collate "C" not null,
    message bigint
);

create index event_by_time on event (conversation, time, seq);
create index event_of_message on event (message) where message is not null;

create table edit (
    seq bigint primary key,
    time bigint not null,
    message bigint not null,
    msgid text collate "C" not null,
    was text collate "C" not null,
    sent bigint
);

create index edit_of_message on edit (message);
create index edit_by_sent on edit (sent) where sent is not null;

create table reply (
    message bigint primary key,
    root bigint not null
);

create index reply_of_root on reply (root, message);

-- The last batch that left no row of its own behind: by it a server finds out whether a commit whose answer was lost
-- has taken place. One row, which is written over.
create table mark (
    the_only_one boolean primary key default true check (the_only_one),
    batch bigint not null
) with (fillfactor = 10);

insert into mark (batch) values (0);
