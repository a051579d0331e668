-- What stands for something else on another platform: the copy of a message, or of a conversation that the bot opened.
create table mirrors (
    copy text primary key not null,
    -- The message's reference, or the conversation's.
    original text not null,
    incident text not null,
    -- Where the copy stands; of a conversation, itself.
    conversation text not null
);
create index mirrors_original on mirrors (original);
create index mirrors_conversation on mirrors (conversation);
