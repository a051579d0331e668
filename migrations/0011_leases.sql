-- Who holds a duty that only one replica may have (timers, housekeeping). The epoch grows with every new holder.
create table leases (
    name text primary key,
    holder text not null,
    epoch bigint not null,
    until_ms bigint not null
);
