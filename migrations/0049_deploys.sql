-- Deploys, in the words of whoever recorded them: one a delivery, written when that is accepted. What their migrations do was judged
-- at the door; the statements themselves are not kept.
create table deploys (
    delivery text primary key not null,
    service text not null,
    version text not null,
    -- The version before; empty when nobody said.
    previous text not null,
    commit_id text not null,
    -- What was said of the schema: none, expand or contract; and why that cannot be so, or empty.
    schema_change text not null,
    disagrees text not null,
    -- JSON: [{"name", "risk", "findings"}].
    migrations text not null,
    author text not null,
    at_ms bigint not null,
    recorded_ms bigint not null
);
create index deploys_service on deploys (service, at_ms);
create index deploys_at on deploys (at_ms);
