-- Every attempt to page somebody and what came of it. How a page ended is in the audit trail too, for good.
create table attempts (
    id text primary key,
    outbox_id text not null,
    n bigint not null,
    at_ms bigint not null,
    outcome text not null,
    detail text not null
);
create index attempts_outbox on attempts (outbox_id);
create index outbox_pages on outbox (id) where priority = 0;
