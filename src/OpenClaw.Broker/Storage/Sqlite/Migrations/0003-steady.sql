-- Version 3. The steady clock goes on over restarts, so that a key's age does not depend on where the wall clock stood at a start.

alter table meta add column steady_ms integer not null default 0; -- how far it had come, noted every ten minutes

update meta set steady_ms = max(cast(unixepoch('subsec') * 1000 as integer), coalesce((select max(created_at) from idempotency_key), 0));

-- What a wrong clock said of their age is forgotten: they are kept for a day from now.
update idempotency_key set created_at = (select steady_ms from meta);
