-- The console's messages in the order in which everybody sees them: posts, edits, reactions and what people typed.
create table stream (
    seq bigint primary key,
    conversation text not null,
    kind text not null,
    message text not null,
    root text not null,
    author text not null,
    private_to text,
    payload text not null,
    at_ms bigint not null
);
create index stream_conversation on stream (conversation, seq);
