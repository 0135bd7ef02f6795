-- +goose Up

-- Which programs may run on this database. A migration is known to a program by
-- its number; a program's own number is that of its newest migration. Each
-- migration from here on sets the version to its own number, and min_program
-- where older programs cannot read what it makes possible.
create table schema (
    one_row     boolean primary key default true check (one_row),
    version     bigint not null,
    min_program bigint not null check (min_program <= version)
);
insert into schema (version, min_program) values (30, 29);

-- +goose Down
drop table schema;
