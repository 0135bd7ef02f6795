-- +goose Up

-- An administrator said of somebody of a source which user they are: who did, when,
-- and whether the source became the user's home by it. Empty: nobody had to.
alter table source_users
    add column linked_by text not null default '',
    add column linked_at timestamptz,
    add column linked_home boolean not null default false;

-- Once a week by mail: how many have left and are still active.
alter table warnings add column leavers_weekly boolean not null default false;

update schema set version = greatest(version, 49);

-- +goose Down
alter table warnings drop column leavers_weekly;
alter table source_users drop column linked_by, drop column linked_at, drop column linked_home;
