-- Facts of which only the newest counts, by kind and key: accounts, read markers, what changes all the time. A table
-- beside saved_fact, since a row here is written over where it stands: with `seq` as its rowid it would move to the
-- end of the table at every change, and three pages would be written instead of one. `seq` is the place in the log of
-- the newest; it has no index, because a start reads every row anyway.
create table keyed_fact (
    id integer primary key,
    kind text not null,
    key text not null,              -- never empty: what has no key is in saved_fact
    seq integer not null,
    body text not null,             -- the fact's values as a JSON object
    unique (kind, key)
) strict;
