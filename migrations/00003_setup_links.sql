-- +goose Up

-- Links by which another person does AWS's side of one draft. Only hashes are
-- kept: of the token in the link, and of the cookie of the one browser that
-- opened it. A link ends when its draft goes live or is discarded.
create table setup_links (
    id            bigint generated always as identity primary key,
    token_hash    bytea not null unique,
    connection_id bigint not null references connections (id) on delete cascade,
    revision_id   bigint references revisions (id) on delete set null,
    author        text not null,
    created_at    timestamptz not null,
    expires_at    timestamptz not null,
    browser_hash  bytea,
    opened_at     timestamptz,
    opened_from   text not null default '',
    revoked_at    timestamptz,
    revoked_by    text not null default ''
);
create index setup_links_connection on setup_links (connection_id, id desc);
create index setup_links_revision on setup_links (revision_id);
create index setup_links_expires on setup_links (expires_at);

-- +goose Down
drop table setup_links;
