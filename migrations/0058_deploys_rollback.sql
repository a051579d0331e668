-- A rollback records what runs after it: 1. A deploy: 0.
alter table deploys add column rollback bigint not null default 0;
