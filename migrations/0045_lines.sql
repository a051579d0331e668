-- How far a line to a chat platform has come, so that whoever takes it over goes on from there: Discord's session and sequence.
create table lines (
    platform text primary key not null,
    -- What the platform's side makes of it; no secret.
    value text not null,
    -- The epoch of the lease under which it was written: an earlier holder changes nothing any more.
    epoch bigint not null
);
