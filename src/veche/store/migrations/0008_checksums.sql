-- What store/checksums.py makes of a row's values, to find what a disk has spoilt; null in rows from before there were any.
alter table message add column checksum integer;
alter table saved_fact add column checksum integer;
alter table keyed_fact add column checksum integer;
