-- Incidents as they stand. `body` is the whole incident as JSON; the other columns are what queries need.
create table incidents (
    id text primary key,
    number bigint not null unique,
    conversation text not null,
    is_open bigint not null,
    body text not null,
    revision bigint not null
);
create index incidents_open on incidents (number) where is_open = 1;
