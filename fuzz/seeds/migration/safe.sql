create table carts (id bigint);
create index carts_id on carts (id);
alter table users add column nick text;
