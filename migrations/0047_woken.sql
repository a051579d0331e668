-- What each plugin that wants to be woken was last woken for, a digest of its build and the configuration, and by which event. One that
-- comes back is new.
create table woken (
    plugin text primary key,
    told text not null,
    event text not null
);
