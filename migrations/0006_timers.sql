-- Alarms that plugins set. A row is there until the timer has entered the inbox.
create table timers (
    plugin text not null,
    name text not null,
    at_ms bigint not null,
    payload text not null,
    set_by text not null,
    primary key (plugin, name)
);
create index timers_due on timers (at_ms);
