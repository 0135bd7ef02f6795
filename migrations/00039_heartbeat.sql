-- +goose Up

-- Each process commits a time here every few seconds: whether the database takes
-- what is written shows only when something is.
create table heartbeat (
    one_row boolean primary key default true check (one_row),
    at      timestamptz not null default now()
);
insert into heartbeat default values;

update schema set version = greatest(version, 39);

-- +goose Down
drop table heartbeat;
