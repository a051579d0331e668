-- Timelines of incidents, appended to and never changed. Ids are UUIDv7: their order is the order of time.
create table timeline (
    id text primary key,
    incident text not null,
    at_ms bigint not null,
    kind text not null,
    author text not null,
    text text not null
);
create index timeline_incident on timeline (incident, id);
