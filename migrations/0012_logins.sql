-- One-time sign-in links and the sessions they became. Only digests are kept.
create table logins (
    digest text primary key,
    kind text not null,
    person text not null,
    name text not null,
    created_ms bigint not null,
    expires_ms bigint not null
);
