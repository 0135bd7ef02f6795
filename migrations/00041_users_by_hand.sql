-- +goose Up

-- Whom administrators made and who never signed in, the oldest first: among the
-- first of them are those whom the page of users counts as waiting to be linked.
create index users_by_hand on users (coalesce(last_login_at, '-infinity'), created_at) where active and source = 'manual';

update schema set version = greatest(version, 41);

-- +goose Down
drop index users_by_hand;
