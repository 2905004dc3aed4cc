-- Version 6. What jobs wait for: their parents, and the ends of batches. Times are milliseconds since 1970.

-- An open edge holds its child. One whose parent has ended is news that the child has not heard yet.
create table job_edge (
  parent text not null,
  child text not null,
  is_open integer not null default 1 check (is_open in (0, 1)),
  primary key (parent, child)
) strict, without rowid;

create index job_edge_child on job_edge (child, is_open);

create table batch (
  id text primary key,
  created_at integer not null,
  on_success text,                         -- the job that waits for its success, and the one that waits for its end
  on_complete text,
  ended_at integer,                        -- when no job of it was unfinished
  is_told integer not null default 0 check (is_told in (0, 1))
) strict, without rowid;

create index batch_untold on batch (id) where is_told = 0;
create index job_batch_unfinished on job (batch) where batch is not null and finished_at is null;
