-- Version 6. What workers told of themselves, and which are drained. Times are milliseconds since 1970.

create table worker (
  id text primary key,
  version text,
  commands text,                           -- as it was sent, JSON
  told_at integer,
  drained_at integer,
  drained_by text,
  drain_reason text,
  check ((drained_at is null) = (drained_by is null))
) strict, without rowid;
