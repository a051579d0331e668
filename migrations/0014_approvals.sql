-- What waits, or waited, for people's yes. `body` is the whole of it; the other columns are what it is looked up by.
create table approvals (
    id text primary key,
    plugin text not null,
    root text not null,
    holds text not null,
    digest text not null,
    state text not null,
    until_ms bigint not null,
    created_ms bigint not null,
    ended_ms bigint,
    body text not null,
    revision bigint not null
);
create index approvals_open on approvals (created_ms) where ended_ms is null;
create index approvals_open_digest on approvals (digest) where ended_ms is null;
create index approvals_root on approvals (root);
