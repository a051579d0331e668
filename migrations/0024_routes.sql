-- By which way an event is answered where the platform gave a short-lived one: a Slack response_url, a Discord interaction token.
-- A secret, so that it stands here and neither in the inbox nor in the audit trail; forgotten when it has expired.
create table routes (
    -- The delivery that brought it.
    delivery text primary key not null,
    -- What the platform needs to use it.
    value text not null,
    -- From then on the platform refuses it, milliseconds since the epoch.
    expires_ms bigint not null
);
create index routes_expired on routes (expires_ms);
-- Whose message somebody reacted to.
create index messages_native on messages (native) where native is not null;
