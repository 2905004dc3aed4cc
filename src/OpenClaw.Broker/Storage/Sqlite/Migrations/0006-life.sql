-- Version 6. What a job goes through: retries, its times, holds, and the notes of what its row forgets. Times are milliseconds since 1970.

alter table job add column is_delay integer not null default 0 check (is_delay in (0, 1));       -- run_at is the end of a delay, no date
alter table job add column is_answered integer not null default 0 check (is_answered in (0, 1)); -- the newest attempt's worker said how it ended

create table job_event (
  id integer primary key,
  seq integer not null references job (seq) on delete cascade,
  at integer not null,
  event text not null,
  state text not null,                     -- after it
  round integer not null,
  attempt integer not null,
  actor text,                              -- null of what nobody did
  kind text,                               -- how an attempt ended, with its worker, its start and its error
  worker_id text,
  started_at integer,
  detail blob
) strict;

create index job_event_job on job_event (seq, id);

create unique index job_tick on job (schedule, tick) where tick is not null;
