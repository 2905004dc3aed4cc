-- Version 1. Times are milliseconds since 1970. Texts that may hold NUL are UTF-8 blobs.

create table job (
  seq integer primary key,                 -- the order of acceptance
  id text not null unique,
  version integer not null,
  queue text not null,
  lane text not null,                      -- the capabilities it needs: '' or a JSON array
  state text not null check (state in ('queued', 'scheduled', 'running', 'done', 'failed', 'cancelled')),
  command blob not null,
  created_at integer not null,
  started_at integer,
  finished_at integer,
  lease_until integer,
  attempt integer not null default 0 check (attempt >= 0),
  failures integer not null default 0,
  lost_leases integer not null default 0,
  lease_token text,                        -- the newest attempt's, as worker_id; kept until the next claim
  worker_id text,
  claim_id text,
  cancel_requested integer not null default 0 check (cancel_requested in (0, 1)),
  cancel_reason text,
  error blob,
  check (state <> 'running' or (lease_token is not null and lease_until is not null and started_at is not null)),
  check ((state in ('done', 'failed', 'cancelled')) = (finished_at is not null)),
  check (claim_id is null or state = 'running')
) strict;

create index job_ready on job (queue, lane, seq) where state = 'queued';
create index job_leased on job (queue, lease_until) where state = 'running';
create index job_dead on job (seq) where state in ('failed', 'cancelled');
create unique index job_claim on job (claim_id, coalesce(worker_id, '')) where claim_id is not null;

create table job_payload (
  seq integer primary key references job (seq),
  payload blob not null
) strict;

create table job_result (
  seq integer primary key references job (seq),
  result blob not null
) strict;

create table idempotency_key (
  key text primary key,
  body_hash blob not null,
  job_id text not null,
  created_at integer not null
) strict, without rowid;

create index idempotency_key_age on idempotency_key (created_at);

create table probe (
  id integer primary key check (id = 1),
  checked_at integer not null
) strict;

-- What 'select * from jobs' showed in the Python broker's database, and what is new after it.
create view jobs as
select
  j.id as id,
  j.created_at / 1000 as created_at,
  case j.state when 'scheduled' then 'queued' when 'cancelled' then 'failed' else j.state end as status,
  cast(j.command as text) as command,
  cast(p.payload as text) as payload,
  cast(r.result as text) as result,
  j.finished_at / 1000 as finished_at,
  case when j.finished_at is not null then cast(j.error as text) end as error,
  case when j.state <> 'queued' then j.started_at / 1000 end as started_at,
  j.lease_until / 1000 as lease_until,
  case when j.state <> 'queued' then j.worker_id end as worker_id,
  case when j.lane <> '' then json_object('caps', json(j.lane)) end as requires,
  j.state as state,
  j.attempt as attempt,
  j.failures as failures,
  j.lost_leases as lost_leases,
  j.cancel_requested as cancel_requested
from job j
join job_payload p on p.seq = j.seq
left join job_result r on r.seq = j.seq;
