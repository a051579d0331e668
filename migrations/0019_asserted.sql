-- Who vouched for the name that a login or session carries: null for somebody whom a chat platform knows. A session from a link
-- that only a token asked for is no better known than the token.
alter table logins add column asserted_by text;
