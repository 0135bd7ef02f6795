-- +goose Up
-- What a login found out about the person in their source is kept as a run of its own.
alter table source_runs drop constraint source_runs_trigger_check;
alter table source_runs add constraint source_runs_trigger_check check (trigger in ('schedule', 'hand', 'approval', 'undo', 'push', 'login'));

update schema set version = greatest(version, 50);

-- +goose Down
delete from source_runs where trigger = 'login';
alter table source_runs drop constraint source_runs_trigger_check;
alter table source_runs add constraint source_runs_trigger_check check (trigger in ('schedule', 'hand', 'approval', 'undo', 'push'));
