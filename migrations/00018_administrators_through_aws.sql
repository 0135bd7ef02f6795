-- +goose Up

-- Administrators who sign in through AWS as members of a local group. Their role
-- is the group's at every request; what stands here is the least.
alter table administrators
    add column user_id uuid unique references users (id) on delete cascade,
    add constraint administrators_through_aws check (user_id is null or (role = 'viewer' and password_hash = ''));

-- +goose Down
delete from administrators where user_id is not null;
alter table administrators drop column user_id;
