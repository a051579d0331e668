-- What is to be done on a remote platform. Written by the commit, marked by the deliverer.
create table outbox (
    id text primary key,
    inbox_id text not null,
    root text not null,
    platform text not null,
    conversation text not null,
    message text not null,
    kind text not null,
    payload text not null,
    priority bigint not null,
    created_ms bigint not null,
    due_ms bigint not null,
    attempts bigint not null,
    owner text,
    lease_ms bigint not null,
    done_ms bigint,
    state text,
    error text
);
create index outbox_open on outbox (lease_ms) where done_ms is null;
create index outbox_open_root on outbox (root) where done_ms is null;
