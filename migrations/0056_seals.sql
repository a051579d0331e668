-- The lines of an incident's timeline in the order in which they were sealed: each hash covers its line and all before it.
create table seals (
    incident text not null,
    -- Counts from 1 within the incident.
    position bigint not null,
    line text not null,
    hash text not null,
    primary key (incident, position),
    unique (incident, line)
);
