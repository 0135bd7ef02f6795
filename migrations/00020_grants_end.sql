-- +goose Up

-- What an app was given holds for as long as the connection that the person came
-- through is live, and no longer than their session. What was given before this
-- was known does not hold any more: the app asks anew, and nobody notices.
delete from oidc_tokens;
delete from oidc_requests where code_hash is not null;
alter table oidc_requests add column connection_id bigint references connections (id) on delete cascade,
    add column session_until timestamptz;
create index oidc_requests_connection on oidc_requests (connection_id);
alter table oidc_tokens add column connection_id bigint not null references connections (id) on delete cascade,
    add column session_until timestamptz not null;
create index oidc_tokens_connection on oidc_tokens (connection_id);

-- A session that an app made belongs to a session epoch of the user, as others do.
delete from crowd_sessions;
alter table crowd_sessions add column session_epoch integer not null;

-- +goose Down
alter table crowd_sessions drop column session_epoch;
alter table oidc_tokens drop column connection_id, drop column session_until;
alter table oidc_requests drop column connection_id, drop column session_until;
