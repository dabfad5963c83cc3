-- What was taken back. The message's row stays, without its text and tags, and points here.
create table redaction (
    seq integer primary key,
    time integer not null,
    message integer not null,       -- message.seq
    source text not null,           -- who took it back, as he was seen
    sender text not null,
    account text not null,
    reason text not null
) strict;

alter table message add column redaction integer;  -- redaction.seq; null for what stands

-- Who reacts how to which message, as it is now: what is taken back is not here.
create table reaction (
    seq integer primary key,
    time integer not null,
    message integer not null,       -- message.seq
    value text not null,
    who text not null,              -- an account, or the user id of a guest
    unique (message, value, who)
) strict;
