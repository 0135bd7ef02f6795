-- +goose Up

-- Where a sign-in to the app begins, for people's own page. Of an Atlassian
-- product it is known from the address that people go back to.
alter table apps add column start_url text not null default '';

-- +goose Down
alter table apps drop column start_url;
