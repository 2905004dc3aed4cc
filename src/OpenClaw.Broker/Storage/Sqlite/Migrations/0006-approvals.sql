-- Version 6. Jobs that wait for a person's yes, so that they can be listed.

create index job_approval on job (seq) where approval is not null and state = 'held';
