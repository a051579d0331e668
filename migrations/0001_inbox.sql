-- Every delivery, once. The row is durable before it is acknowledged; `done_ms` is set by the commit that handled it.
create table inbox (
    id text primary key,
    root text not null,
    conversation text not null,
    payload text not null,
    received_ms bigint not null,
    owner text,
    lease_ms bigint not null,
    attempts bigint not null,
    done_ms bigint,
    status text,
    result text
);
create index inbox_open on inbox (lease_ms) where done_ms is null;
create index inbox_open_root on inbox (root) where done_ms is null;
