-- Version 2. The job's row with all that the API will say of it, since a CHECK can't be altered later; counts; what the
-- file knows of itself. Times are milliseconds since 1970. Texts that may hold NUL are UTF-8 blobs, lists are JSON.
-- Runs with foreign_keys off and legacy_alter_table on, so that job_payload goes on to refer to job.

drop view jobs;
drop index job_ready;
drop index job_leased;
drop index job_dead;
drop index job_claim;
alter table job rename to job_1;
alter table job_result rename to job_result_1;
alter table idempotency_key rename to idempotency_key_1;

create table job (
  seq integer primary key,                 -- the order of acceptance
  id text not null unique,
  version integer not null,
  round integer not null default 1,        -- a retry by hand begins the next
  queue text not null,
  lane text not null,                      -- the capabilities it needs: '' or a JSON array
  requires text,                           -- as they were sent
  command blob not null,
  priority integer not null default 3 check (priority between 1 and 5),
  rank integer not null,                   -- the order within a lane, with seq: acceptance, plus what its priority weighs
  state text not null check (state in ('queued', 'scheduled', 'held', 'running', 'done', 'failed', 'cancelled')),
  ready integer not null check (ready in (0, 1)), -- claimable: queued, and the first of its serial key
  created_at integer not null,
  started_at integer,
  finished_at integer,
  lease_until integer,                     -- for people: leases are counted by the queue's own clock
  run_at integer,
  expires_at integer,
  due_at integer,                          -- the next moment when time alone changes the job
  timeout_ms integer,
  max_attempts integer not null default 1 check (max_attempts between 1 and 100),
  backoff text,
  attempt integer not null default 0 check (attempt >= 0),
  failures integer not null default 0,
  lost_leases integer not null default 0,
  lease_token text,                        -- the newest attempt's, as worker_id; kept until the next claim
  worker_id text,
  holders text,                            -- the last 16 different workers that held it
  claim_id text,
  claim_n integer not null default 0,      -- its number within the claim, which may take many
  cancel_requested integer not null default 0 check (cancel_requested in (0, 1)),
  cancel_reason blob,
  error blob,                              -- a long one is cut here and whole in job_result
  outcome text check (outcome in ('ok', 'failed', 'expired', 'timed_out', 'denied', 'parent_failed', 'lost_too_often', 'cancelled')),
  payload_version integer not null default 1,
  holds text,
  progress text,
  serial_key text,
  depends_on text,
  tags text,
  requester text,
  batch text,
  retry_of text,
  schedule text,
  tick integer,
  webhook text,
  approval text,
  signature text,
  digest text,
  check (ready = 0 or state = 'queued'),
  check (state <> 'running' or (lease_token is not null and lease_until is not null and started_at is not null)),
  check ((state in ('done', 'failed', 'cancelled')) = (finished_at is not null)),
  check ((state in ('done', 'failed', 'cancelled')) = (outcome is not null)),
  check (claim_id is null or state = 'running')
) strict;

create table job_result (
  seq integer primary key references job (seq),
  result blob,
  error blob,
  check (result is not null or error is not null)
) strict;

-- What a key made, by the caller's name and the call: the job, or the answer itself.
create table idempotency_key (
  scope text not null,
  key text not null,
  body_hash blob not null,
  job_id text,
  answer blob,
  created_at integer not null,
  primary key (scope, key)
) strict, without rowid;

create table queue (
  name text primary key
) strict, without rowid;

create table job_count (
  queue text not null,
  state text not null,
  jobs integer not null,
  primary key (queue, state)
) strict, without rowid;

-- What happened in each minute since 1970.
create table job_minute (
  minute integer not null,
  queue text not null,
  state text not null,                     -- that jobs came into
  jobs integer not null,
  primary key (minute, queue, state)
) strict, without rowid;

create table meta (
  id integer primary key check (id = 1),
  file_id text not null,                   -- new for each file, also after a restore
  last_seq integer not null,               -- never falls, also when jobs are deleted
  last_accepted integer not null,
  readable_from integer not null           -- the lowest version of the program that may open the file
) strict;

insert into job
  (seq, id, version, queue, lane, requires, command, rank, state, ready, created_at, started_at, finished_at, lease_until, attempt, failures, lost_leases,
   lease_token, worker_id, holders, claim_id, cancel_requested, cancel_reason, error, outcome)
select
  seq, id, version, queue, lane, case when lane <> '' then json_object('caps', json(lane)) end, command,
  max(created_at) over (order by seq), state, state = 'queued', created_at, started_at, finished_at, lease_until, attempt, failures, lost_leases,
  lease_token, worker_id, case when worker_id is not null then json_array(worker_id) end, claim_id, cancel_requested, cast(cancel_reason as blob), error,
  case state when 'done' then 'ok' when 'cancelled' then 'cancelled' when 'failed' then case when lost_leases >= 5 then 'lost_too_often' else 'failed' end end
from job_1
order by seq;

insert into job_result (seq, result) select seq, result from job_result_1;

insert into idempotency_key (scope, key, body_hash, job_id, created_at) select 'bot POST /jobs', key, body_hash, job_id, created_at from idempotency_key_1;

insert into queue (name) select distinct queue from job;

insert into job_count (queue, state, jobs) select queue, state, count(*) from job group by queue, state;

insert into meta (id, file_id, last_seq, last_accepted, readable_from)
select 1, lower(hex(randomblob(16))), coalesce(max(seq), 0), coalesce(max(rank), 0), 2 from job;

drop table job_result_1;
drop table idempotency_key_1;
drop table job_1;

create index job_ready on job (queue, lane, rank, seq) where ready = 1;
create index job_leased on job (queue) where state = 'running';
create index job_due on job (due_at) where due_at is not null;
create index job_dead on job (seq) where state in ('failed', 'cancelled');
create unique index job_claim on job (claim_id, claim_n, coalesce(worker_id, '')) where claim_id is not null;
create index job_command on job (command, seq);
create index job_queue on job (queue, seq) where queue <> 'default';
create index job_requester on job (requester, seq) where requester is not null;
create index job_batch on job (batch, seq) where batch is not null;
create index job_serial on job (queue, serial_key, rank, seq) where serial_key is not null and finished_at is null;
create index idempotency_key_age on idempotency_key (created_at);

-- What 'select * from jobs' showed in the Python broker's database, and what is new after it.
create view jobs as
select
  j.id as id,
  j.created_at / 1000 as created_at,
  case j.state when 'scheduled' then 'queued' when 'held' then 'queued' when 'cancelled' then 'failed' else j.state end as status,
  cast(j.command as text) as command,
  cast(p.payload as text) as payload,
  cast(r.result as text) as result,
  j.finished_at / 1000 as finished_at,
  case when j.finished_at is not null then cast(coalesce(r.error, j.error) as text) end as error,
  case when j.state not in ('queued', 'scheduled', 'held') then j.started_at / 1000 end as started_at,
  j.lease_until / 1000 as lease_until,
  case when j.state not in ('queued', 'scheduled', 'held') then j.worker_id end as worker_id,
  j.requires as requires,
  j.state as state,
  j.queue as queue,
  j.attempt as attempt,
  j.failures as failures,
  j.lost_leases as lost_leases,
  j.cancel_requested as cancel_requested,
  j.outcome as outcome
from job j
join job_payload p on p.seq = j.seq
left join job_result r on r.seq = j.seq;

-- The Python broker's pruning script deletes ended jobs.
create trigger jobs_delete instead of delete on jobs
begin
  select raise(abort, 'only ended jobs can be deleted: cancel it first') where old.status not in ('done', 'failed');
  delete from job_result where seq = (select seq from job where id = old.id);
  delete from job_payload where seq = (select seq from job where id = old.id);
  update job_count set jobs = jobs - 1 where queue = old.queue and state = old.state;
  delete from job where id = old.id;
end;
