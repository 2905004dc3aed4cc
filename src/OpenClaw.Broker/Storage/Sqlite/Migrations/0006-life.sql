-- Version 6. What a job goes through: retries, its times, holds, serial and unique keys, and the notes of what its row forgets.
-- Times are milliseconds since 1970.

alter table job add column is_delay integer not null default 0 check (is_delay in (0, 1));       -- run_at is the end of a delay, no date
alter table job add column is_answered integer not null default 0 check (is_answered in (0, 1)); -- the newest attempt's failure is counted

-- A flow is what one requester asked for of a lane: capabilities (column lane) and command. Each has its own line.
drop index job_ready;
create index job_ready on job (queue, lane, command, requester, rank, seq) where ready = 1;

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
create index job_event_lost on job_event (worker_id) where event = 'lease_lost';

create unique index job_tick on job (schedule, tick) where tick is not null;

-- Of a serial key the order is that of acceptance, whatever the priority.
drop index job_serial;
create index job_serial on job (queue, serial_key, seq) where serial_key is not null and finished_at is null;
create index job_serial_running on job (queue, serial_key) where serial_key is not null and state = 'running';

alter table job add column unique_key text;

-- Which job has a key; whether it has it still, its own row says.
create table unique_key (
  queue text not null,
  command blob not null,
  key text not null,
  job_id text not null,
  until integer,                           -- on the steady clock: taken until then, also by a job that has ended
  primary key (queue, command, key)
) strict, without rowid;

-- How far acceptance had come when, on the steady clock: a wall clock that is wrong makes no ended job old.
create table pace (
  steady_ms integer primary key,
  seq integer not null
) strict;

alter table meta add column from_python integer not null default 0; -- the file was the Python broker's
