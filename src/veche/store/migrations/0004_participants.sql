-- Who takes part in which direct conversation: two ids, sorted, joined by a space, are its name, and no other name holds
-- a space. Filled by the writer when a conversation's row is made, so "whom have I talked to" need not read all names.
-- Without rowid: the primary key is all there is, and one person's rows lie side by side.
create table participant (
    who text not null,
    conversation integer not null,  -- conversation.id
    primary key (who, conversation)
) strict, without rowid;

insert or ignore into participant (who, conversation)
    select substr(name, 1, instr(name, ' ') - 1), id from conversation where era = 0 and instr(name, ' ')
    union all
    select substr(name, instr(name, ' ') + 1), id from conversation where era = 0 and instr(name, ' ');
