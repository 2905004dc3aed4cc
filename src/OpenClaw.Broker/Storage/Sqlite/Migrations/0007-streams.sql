-- Version 7. What jobs write while they run, and what they ask. Times are milliseconds since 1970.

-- Numbered in the order of the commits, for all jobs together: who has had one of a job has had all before it.
create table chunk (
  id integer primary key,
  seq integer not null references job (seq) on delete cascade,
  round integer not null,
  attempt integer not null,                -- 0 of a job that nobody had claimed
  n integer,                               -- the sender's number within the attempt
  type text not null,                      -- dropped: stands for those that were here
  content blob,                            -- UTF-8
  metadata blob,                           -- JSON
  created_at integer not null
) strict;

create index chunk_job on chunk (seq, id);

create table tool_call (
  id integer primary key,                  -- from the same numbers as those of chunks
  seq integer not null references job (seq) on delete cascade,
  name text not null,
  arguments blob,                          -- JSON
  status text not null default 'pending',
  result blob,                             -- UTF-8; of one that failed its error
  requested_at integer not null,
  completed_at integer
) strict;

create index tool_call_job on tool_call (seq, id);

-- What an attempt wants the next one to know, UTF-8.
create table job_detail (
  seq integer primary key references job (seq) on delete cascade,
  details blob not null
) strict;

alter table meta add column last_chunk integer not null default 0;

-- As before, and all that refers to the job: whoever deletes may have foreign keys switched off.
drop trigger jobs_delete;
create trigger jobs_delete instead of delete on jobs
begin
  select raise(abort, 'only ended jobs can be deleted: cancel it first') where old.status not in ('done', 'failed');
  delete from job_result where seq = (select seq from job where id = old.id);
  delete from job_payload where seq = (select seq from job where id = old.id);
  delete from job_event where seq = (select seq from job where id = old.id);
  delete from chunk where seq = (select seq from job where id = old.id);
  delete from tool_call where seq = (select seq from job where id = old.id);
  delete from job_detail where seq = (select seq from job where id = old.id);
  update job_count set jobs = jobs - 1 where queue = old.queue and state = old.state;
  delete from job where id = old.id;
end;
