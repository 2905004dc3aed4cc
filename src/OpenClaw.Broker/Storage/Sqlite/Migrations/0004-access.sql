-- Version 4. Who may call, who asked for each job, and what people and tokens did. Times are milliseconds since 1970, lists are JSON.

create table token (
  name text primary key,
  hash blob not null unique,               -- SHA-256 of the token: the token itself is nowhere
  role text not null,
  person text,                             -- whom it stands for
  acts_for integer not null default 0 check (acts_for in (0, 1)),
  commands text,                           -- what it may ask for, as patterns; null for everything
  per_minute integer check (per_minute > 0),
  max_queued integer check (max_queued > 0),
  worker_pattern text,
  queues text,
  caps text,
  created_at integer not null,
  created_by text not null,
  expires_at integer,
  used_at integer                          -- noted once a minute
) strict, without rowid;

-- One-time codes by which a machine fetches its token.
create table enrolment (
  hash blob primary key,                   -- SHA-256 of the code
  worker text not null,
  queues text,
  caps text,
  created_by text not null,
  until integer not null
) strict, without rowid;

-- What one transaction noted, with a hash over it and the link before it.
create table audit (
  n integer primary key,
  at integer not null,
  entries text not null,
  hash blob not null
) strict;

-- Unfinished jobs by the token that made them.
create table token_count (
  token text primary key,                  -- '' for BOT_TOKEN
  jobs integer not null,
  bytes integer not null                   -- of their payloads
) strict, without rowid;

alter table meta add column audit_n integer not null default 0; -- the last link that was dropped for its age
alter table meta add column audit_hash blob;

alter table job add column made_by text;   -- the token's name; null for BOT_TOKEN
alter table job add column payload_bytes integer not null default 0;

update job set payload_bytes = (select length(payload) from job_payload p where p.seq = job.seq) where finished_at is null;

insert into token_count (token, jobs, bytes) select '', count(*), coalesce(sum(payload_bytes), 0) from job where finished_at is null;
