-- What was written and published about incidents, each revision a row. The artifact store has them too; this is where pages read them.
create table documents (
    -- The job that keeps it: doing it again is no second revision.
    job text primary key not null,
    incident text not null,
    -- Counts from 1 within the incident.
    revision bigint not null,
    title text not null,
    markdown text not null,
    -- A person's id, or plugin:NAME.
    author text not null,
    at_ms bigint not null,
    -- When it was in the artifact store; null before.
    stored_ms bigint,
    unique (incident, revision)
);
