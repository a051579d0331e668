-- Named API tokens, for pipelines and programs. Only digests are kept; a revoked one stays for the record.
create table tokens (
    id text primary key,
    digest text not null,
    name text not null,
    role text,
    created_by text not null,
    created_ms bigint not null,
    expires_ms bigint not null,
    used_ms bigint,
    revoked_ms bigint
);
create unique index tokens_by_digest on tokens (digest);
-- Of the tokens of one name, one is in use.
create unique index tokens_by_name on tokens (name) where revoked_ms is null;
