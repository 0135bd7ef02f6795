-- +goose Up

-- Sources write memberships group by group: in this order each page of the key is
-- written once, and an index of its own for groups is not needed. Those of one user
-- are found by an index that is as small as it can be.
alter table memberships drop constraint memberships_pkey, add primary key (group_id, user_id, source, ref);
drop index memberships_group;
create index memberships_user on memberships (user_id);

-- How many memberships a change has, so that a part of a run is found without reading
-- them. Changes that are older do not say it.
alter table source_changes add column memberships integer;

-- Runs whose plan waits are few among very many that pushes make.
create index source_runs_waiting on source_runs (source_id, id) where outcome in ('held', 'dry_run');

update schema set version = greatest(version, 53);

-- +goose Down
drop index source_runs_waiting;
alter table source_changes drop column memberships;
drop index memberships_user;
alter table memberships drop constraint memberships_pkey, add primary key (user_id, group_id, source, ref);
create index memberships_group on memberships (group_id, user_id);
