-- The tamper-evident trail: hash = sha256(previous hash, newline, record). Never updated, never deleted.
create table audit (
    seq bigint primary key,
    record text not null,
    hash text not null
);

-- The ends of what is numbered without gaps: the audit chain and the console stream. Its one row is locked first by
-- every commit; `reserved` holds the keys that a call which kept losing may now have to itself.
create table heads (
    name text primary key,
    audit_seq bigint not null,
    audit_hash text not null,
    stream_seq bigint not null,
    reserved text not null
);
insert into heads (name, audit_seq, audit_hash, stream_seq, reserved)
values ('main', 0, '0000000000000000000000000000000000000000000000000000000000000000', 0, '[]');
