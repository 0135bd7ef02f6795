-- +goose Up

-- How an app wants its answer: in the address, or as a form that the browser posts.
alter table oidc_requests add column form_post boolean not null default false;
update schema set version = greatest(version, 37);

-- +goose Down
alter table oidc_requests drop column form_post;
