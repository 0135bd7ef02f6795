-- +goose Up

-- Leavers are counted for every page: those whom a source misses are few among many.
create index source_users_missing on source_users (source_id) where state = 'absent' or not enabled;

update schema set version = greatest(version, 52);

-- +goose Down

drop index source_users_missing;
