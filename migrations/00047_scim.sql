-- +goose Up

-- What identity providers pushed by SCIM, as they sent it. The mirror of sources has
-- what of it counts; here is what they get back.
create table scim_resources (
    id          uuid primary key default gen_random_uuid(), -- the stable id in the mirror
    source_id   bigint not null references sources (id) on delete cascade,
    kind        text not null check (kind in ('User', 'Group')),
    external_id text not null default '',
    name        text not null,
    name_key    text not null,
    document    jsonb not null,
    folded      jsonb not null, -- the same in one case, for filters
    revision    integer not null default 1,
    created_at  timestamptz not null,
    modified_at timestamptz not null,
    deleted_at  timestamptz -- the id is kept for a while, for the same person to come back to
);
create unique index scim_resources_external on scim_resources (source_id, kind, external_id) where external_id <> '';
create unique index scim_resources_name on scim_resources (source_id, kind, name_key) where deleted_at is null;
create index scim_resources_listed on scim_resources (source_id, kind, id) where deleted_at is null;
create index scim_resources_deleted on scim_resources (deleted_at) where deleted_at is not null;
create index scim_resources_folded on scim_resources using gin (folded jsonb_path_ops);

create table scim_members (
    group_id  uuid not null references scim_resources (id) on delete cascade,
    member_id uuid not null references scim_resources (id) on delete cascade,
    primary key (group_id, member_id)
);
create index scim_members_member on scim_members (member_id);

-- Two at a time, so that one can be replaced while the other is in use.
create table scim_tokens (
    id           bigint generated always as identity primary key,
    source_id    bigint not null references sources (id) on delete cascade,
    hash         bytea not null, -- SHA-256: the token is 256 random bits
    hint         text not null,
    created_by   text not null,
    created_at   timestamptz not null default now(),
    expires_at   timestamptz,
    last_used_at timestamptz
);
create index scim_tokens_source on scim_tokens (source_id);

create table scim_requests (
    id          bigint generated always as identity primary key,
    source_id   bigint not null references sources (id) on delete cascade,
    at          timestamptz not null,
    method      text not null,
    path        text not null,
    status      integer not null,
    outcome     text not null check (outcome in ('read', 'applied', 'nothing', 'observed', 'held', 'refused', 'conflict')),
    line        text not null,
    details     text[] not null default '{}',
    resource_id text not null default '',
    name        text not null default '',
    name_key    text not null default '',
    run_id      bigint references source_runs (id) on delete set null,
    remote_addr text not null default '',
    user_agent  text not null default '',
    took_us     bigint not null default 0
);
create index scim_requests_source on scim_requests (source_id, id desc);
create index scim_requests_at on scim_requests (at);
create index scim_requests_name on scim_requests (name_key) where name_key <> '';
create index scim_requests_run on scim_requests (run_id) where run_id is not null;

update schema set version = greatest(version, 47);

-- +goose Down
drop table scim_requests, scim_tokens, scim_members, scim_resources;
