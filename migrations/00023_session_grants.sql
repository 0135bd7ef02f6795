-- +goose Up

-- What apps were given in a session ends when the person signs out of it, so it
-- names the session. What was given before does not: the app asks anew, and
-- nobody notices.
delete from oidc_tokens;
delete from oidc_requests where code_hash is not null;
alter table oidc_requests add column session_id text not null default '';
create index oidc_requests_session on oidc_requests (session_id) where session_id <> '';
alter table oidc_tokens add column session_id text not null;
create index oidc_tokens_session on oidc_tokens (session_id);

-- +goose Down
alter table oidc_tokens drop column session_id;
alter table oidc_requests drop column session_id;
