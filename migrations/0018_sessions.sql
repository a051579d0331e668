-- What people recognise a session by when they look at theirs: the browser's own words, and when it was last seen.
alter table logins add column agent text;
alter table logins add column seen_ms bigint;
