-- Copies of targets in the artifact store: what was taken, what is known of it, and whether it must stay. The objects and their manifests
-- are the truth; this table can be made anew from them.
create table copies (
    object text primary key not null,
    target text not null,
    kind text not null,
    taken_ms bigint not null,
    stored_bytes bigint not null,
    plain_bytes bigint not null,
    manifest text not null,
    -- What the last look at it said, and when.
    verdict text not null,
    verdict_ms bigint,
    verdict_detail text not null,
    -- When it was last found whole, and when a restore of it last succeeded, whatever was said since.
    verified_ms bigint,
    proven_ms bigint,
    -- Somebody wants it kept.
    pinned_by text,
    pinned_ms bigint,
    pin_reason text,
    -- When it was deleted from the artifact store.
    gone_ms bigint
);
create index copies_target on copies (target, taken_ms) where gone_ms is null;
