-- Messages this bot posted: who may edit them, which buttons they have, and their id on the platform once delivered.
create table messages (
    id text primary key,
    plugin text not null,
    conversation text not null,
    incident text,
    inbox_id text not null,
    root text not null,
    private_to text,
    view text not null,
    native text,
    created_ms bigint not null
);
create index messages_root on messages (root);
