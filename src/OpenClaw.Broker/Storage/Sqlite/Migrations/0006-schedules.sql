-- Version 6. Schedules, which make jobs at their ticks. Times are milliseconds since 1970.

create table schedule (
  name text primary key,
  version integer not null,                -- grows with what people change
  revision integer not null,               -- grows with each write: the fence
  cron text,
  every_seconds integer check (every_seconds > 0),
  time_zone text not null,
  start_at integer,
  end_at integer,
  jitter_seconds integer not null default 0 check (jitter_seconds >= 0),
  catch_up text not null check (catch_up in ('one', 'skip', 'all')),
  catch_up_window_seconds integer not null check (catch_up_window_seconds >= 0),
  overlap text not null check (overlap in ('allow', 'skip', 'queue_one', 'cancel_other')),
  command blob not null,                   -- of its job, for lists
  created_at integer not null,
  made_by text,                            -- the token that said what to make; null for BOT_TOKEN
  actor text not null,
  person text,                             -- for whom that was
  max_queued integer,                      -- unfinished jobs that the token may have
  paused_at integer,
  paused_by text,
  pause_reason text,
  next_tick integer,                       -- the first that nobody has dealt with
  kept_tick integer,                       -- waits for the end of the last job
  last_tick integer,
  last_job text,
  missed integer not null default 0,
  skipped integer not null default 0,
  check ((cron is null) <> (every_seconds is null)),
  check ((paused_at is null) = (paused_by is null))
) strict, without rowid;

-- Apart, since a schedule's row is written at each tick.
create table schedule_job (
  name text primary key references schedule (name),
  job text not null                        -- the JSON that was sent
) strict;
