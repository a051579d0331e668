-- What the bot's own looks found, one row a look, and the last beat of each heartbeat. Kept for a while, so that a rate or a percentile
-- over a window can be told; the last row of each probe is kept for good, because it says how the probe stands.
create table probes (
    id text primary key not null,
    probe text not null,
    at_ms bigint not null,
    -- pass, fail, unknown; or beat, which is no look.
    outcome text not null,
    -- The number that was found, if there is one, as it is written: the columns are text and bigint only.
    value text,
    took_ms bigint,
    detail text not null,
    -- What a later look needs of this one, as JSON; empty if nothing.
    sample text not null,
    -- How the probe stood after it, as JSON; empty for a beat.
    standing text not null
);
create index probes_last on probes (probe, at_ms);
