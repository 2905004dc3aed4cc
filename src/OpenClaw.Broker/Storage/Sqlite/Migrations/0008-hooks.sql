-- Version 8. News of jobs that have no job yet which tells them. Where they go stands in the job's column webhook.

create table hook_event (
  n integer primary key,                   -- the order in which they came about
  id text not null unique,                 -- that of the job which tells it
  url text not null,
  job_id text not null,                    -- whose news it is
  body blob not null                       -- JSON
) strict;
