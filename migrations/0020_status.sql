-- What is public. The page's own id and a counter of publications: replicas ask for it to know whether to render anew.
create table status_head (
    one bigint primary key,
    page text not null,
    revision bigint not null,
    changed_ms bigint not null
);
-- Public incidents with their updates: `body` is the whole as JSON. `incident` is the one behind it, which is never shown.
-- `revision` counts what was published of it.
create table status_incidents (
    id text primary key,
    incident text not null unique,
    is_open bigint not null,
    started_ms bigint not null,
    changed_ms bigint not null,
    revision bigint not null,
    body text not null
);
create index status_incidents_started on status_incidents (started_ms);
-- Public maintenances with their updates. `is_open` as far as people said; some end by themselves.
create table status_maintenances (
    id text primary key,
    name text not null unique,
    is_open bigint not null,
    starts_ms bigint not null,
    ends_ms bigint not null,
    revision bigint not null,
    body text not null
);
create index status_maintenances_ends on status_maintenances (ends_ms);
-- What was said of components, by whom and why: the last of each is how it stands, the rest is its history.
create table status_said (
    id text primary key,
    component text not null,
    state text not null,
    at_ms bigint not null,
    reason text not null,
    said_by text not null
);
create index status_said_component on status_said (component, at_ms, id);
