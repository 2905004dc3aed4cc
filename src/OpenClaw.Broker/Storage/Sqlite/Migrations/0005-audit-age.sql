-- Version 5. The audit's age is counted on the steady clock: a wall clock that is wrong for an hour makes no entry old.

alter table audit add column steady_ms integer; -- null where an earlier version wrote it into a file of this one

-- When the links of before were written is known by the wall clock alone; they are kept for their days from now.
update audit set steady_ms = (select steady_ms from meta);
