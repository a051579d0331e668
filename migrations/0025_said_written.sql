-- When what was said of a component was written: an older proposal that is approved later does not turn the page back. Empty of what
-- was said before this was kept; it was written when it was said, for all anybody knows.
alter table status_said add column written_ms bigint;
