-- Plugins' own memory. A deleted key keeps its row with a null value, so that its revision never starts again.
create table kv (
    plugin text not null,
    key text not null,
    value text,
    revision bigint not null,
    changed_ms bigint not null,
    primary key (plugin, key)
);
