-- How drills went: one a job, written by the commit that ends it. Jobs are forgotten after a month; this is what a trend is made of.
create table drills (
    job text primary key not null,
    target text not null,
    -- The copy; null when none was restored.
    object text,
    -- The moment whose state the copy holds.
    taken_ms bigint,
    ended_ms bigint not null,
    -- pass, fail or unknown; or how the job ended if it did not finish: failed, cancelled, …
    status text not null,
    -- backup, environment or check; null if nothing is to blame.
    cause text,
    sentence text not null,
    -- From the start until the last check; null when it did not come so far.
    rto_ms bigint,
    -- How old the copy was.
    age_ms bigint,
    -- JSON: [{"name", "took_ms"}].
    stages text not null,
    -- JSON: [{"name", "status", "sentence", "took_ms"}].
    checks text not null,
    -- The object with the signed evidence.
    evidence text
);
create index drills_target on drills (target, ended_ms);
create index drills_ended on drills (ended_ms);
