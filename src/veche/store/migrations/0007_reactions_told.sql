-- Under which id others have heard of a reaction, and as whom they saw who reacts: so that it can be told again.
alter table reaction add column msgid text not null default '';
alter table reaction add column source text not null default '';  -- "" of what was kept before this was noted
alter table reaction add column account text not null default '';
