-- Conversations that the bot opened for incidents. `id` is our own reference; `lives_in` is where it really is, once known.
create table conversations (
    id text primary key,
    shape text not null,
    name text not null,
    near text not null,
    plugin text not null,
    incident text,
    topic text,
    pinned text,
    archived bigint,
    lives_in text,
    problem text,
    created_ms bigint not null
);
-- Who was invited to which.
create table invitations (
    conversation text not null,
    person text not null,
    primary key (conversation, person)
);
create index conversations_lives_in on conversations (lives_in);
create index incidents_open_in on incidents (conversation) where is_open = 1;
-- Where a line comes from, and the plugin that wrote it, as it was then.
alter table timeline add column source text;
alter table timeline add column via text;
create index timeline_source on timeline (source) where source is not null;
