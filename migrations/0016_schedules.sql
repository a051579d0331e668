-- What plugins want to happen again and again. A due occurrence becomes an inbox row and moves `next_ms` on in one transaction.
create table schedules (
    plugin text not null,
    name text not null,
    expression text not null,
    zone text not null,
    payload text not null,
    start_by_ms bigint,
    run_limit_ms bigint,
    set_by text not null,
    next_ms bigint,
    running text,
    since_ms bigint,
    overran bigint not null,
    last_due_ms bigint,
    last_outcome text,
    primary key (plugin, name)
);
create index schedules_next on schedules (next_ms);
create index schedules_running on schedules (running) where running is not null;
