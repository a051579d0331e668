-- What plugins asked of the host, call by call. The audit record holds the digest, so a receipt cannot be rewritten.
create table receipts (
    id text primary key,
    inbox_id text not null,
    plugin text not null,
    at_ms bigint not null,
    body text not null
);
