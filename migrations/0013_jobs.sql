-- Slow and dangerous work. Enqueued by the commit that asked for it; claimed, run and ended under an owner and an epoch
-- that grows with every claim. `wish` is what somebody wants of it (to cancel it, or the answer to "what now?").
create table jobs (
    id text primary key,
    kind text not null,
    plugin text not null,
    job_key text,
    root text not null,
    inbox_id text not null,
    conversation text not null,
    incident text,
    asked_by text not null,
    title text not null,
    spec text not null,
    on_lost text not null,
    state text not null,
    approval text,
    owner text,
    place text,
    epoch bigint not null,
    lease_ms bigint not null,
    attempts bigint not null,
    max_attempts bigint not null,
    due_ms bigint not null,
    run_limit_ms bigint not null,
    created_ms bigint not null,
    started_ms bigint,
    ended_ms bigint,
    progress text,
    wish text,
    wish_by text,
    wish_ms bigint,
    result text,
    child text,
    checkpoint text,
    card text,
    output text
);
create index jobs_open on jobs (due_ms) where ended_ms is null;
create index jobs_root on jobs (root);
create index jobs_plugin on jobs (plugin, id);
create index jobs_approval on jobs (approval) where approval is not null;
create index jobs_ended on jobs (ended_ms) where ended_ms is not null;
create unique index jobs_key on jobs (plugin, job_key) where ended_ms is null and job_key is not null;
