-- How the last test of each way to page somebody went; the pages themselves are forgotten after a while.
create table contacts (
    notifier text primary key,
    at_ms bigint not null,
    outcome text not null,
    detail text not null
);
