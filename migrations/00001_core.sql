-- +goose Up

-- Names are compared by their key: NFKC and case-folded by the program
-- (model.Key), because the database's own lower() depends on its locale.

create table settings (
    key        text primary key,
    value      jsonb not null,
    updated_at timestamptz not null default now()
);

create table administrators (
    id             bigint generated always as identity primary key,
    email          text not null,
    email_key      text not null unique,
    password_hash  text not null,
    role           text not null check (role in ('owner', 'admin', 'viewer')),
    session_epoch  integer not null default 0,
    created_at     timestamptz not null default now(),
    last_signin_at timestamptz
);

-- One-time links to claim the console; only the hash of the token is kept.
create table claim_tokens (
    token_hash bytea primary key,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null
);

-- The layout that scs's pgxstore expects.
create table sessions (
    token  text primary key,
    data   bytea not null,
    expiry timestamptz not null
);
create index sessions_expiry on sessions (expiry);

create table connections (
    id         bigint generated always as identity primary key,
    slug       text not null unique,
    status     text not null default 'draft' check (status in ('draft', 'ready', 'live', 'suspended')),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);

create table revisions (
    id            bigint generated always as identity primary key,
    connection_id bigint not null references connections (id) on delete cascade,
    number        integer not null,
    state         text not null check (state in ('draft', 'live', 'past')),
    version       integer not null default 1,
    config        jsonb not null,
    ticks         jsonb not null default '{}',
    tested_login  text not null default '',
    tested_at     timestamptz,
    author        text not null,
    created_at    timestamptz not null default now(),
    updated_at    timestamptz not null default now(),
    live_at       timestamptz,
    unique (connection_id, number)
);
create unique index revisions_one_live on revisions (connection_id) where state = 'live';
create unique index revisions_one_draft on revisions (connection_id) where state = 'draft';

create table users (
    id            uuid primary key default gen_random_uuid(),
    username      text not null,
    username_key  text not null unique,
    email         text not null default '',
    email_key     text not null default '',
    display_name  text not null default '',
    first_name    text not null default '',
    last_name     text not null default '',
    active        boolean not null default true,
    source        text not null check (source in ('manual', 'jit', 'ldap', 'aws')),
    session_epoch integer not null default 0,
    created_at    timestamptz not null default now(),
    updated_at    timestamptz not null default now(),
    last_login_at timestamptz
);
create index users_email_key on users (email_key) where email_key <> '';

-- The key of an identity is its external id where one is mapped, else its NameID.
create table identities (
    id            bigint generated always as identity primary key,
    user_id       uuid not null references users (id) on delete cascade,
    connection_id bigint not null references connections (id) on delete cascade,
    idp_entity_id text not null,
    name_id       text not null,
    external_id   text not null default '',
    created_at    timestamptz not null default now(),
    last_login_at timestamptz,
    unique (connection_id, idp_entity_id, user_id)
);
create unique index identities_external_id on identities (connection_id, idp_entity_id, external_id) where external_id <> '';
create unique index identities_name_id on identities (connection_id, idp_entity_id, name_id) where external_id = '';
create index identities_user on identities (user_id);

create table groups (
    id          bigint generated always as identity primary key,
    name        text not null,
    name_key    text not null unique,
    description text not null default '',
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now()
);

-- A person may be in a group for several reasons; each reason is a row, so that
-- one source never removes another's. ref is the connection's slug for 'rule'.
create table memberships (
    user_id    uuid not null references users (id) on delete cascade,
    group_id   bigint not null references groups (id) on delete cascade,
    source     text not null check (source in ('manual', 'rule', 'ldap', 'aws')),
    ref        text not null default '',
    origin     text not null default '',
    login_id   text not null default '',
    created_at timestamptz not null default now(),
    primary key (user_id, group_id, source, ref)
);
create index memberships_group on memberships (group_id, user_id);

create table rules (
    id            bigint generated always as identity primary key,
    name          text not null,
    name_key      text not null unique,
    connection_id bigint not null references connections (id) on delete cascade,
    kind          text not null check (kind in ('always', 'email_domain', 'attribute', 'aws_group')),
    attribute     text not null default '',
    value         text not null default '',
    created_at    timestamptz not null default now(),
    updated_at    timestamptz not null default now()
);
create table rule_groups (
    rule_id  bigint not null references rules (id) on delete cascade,
    group_id bigint not null references groups (id) on delete cascade,
    primary key (rule_id, group_id)
);
create index rule_groups_group on rule_groups (group_id);

create table logins (
    id            text primary key,
    connection_id bigint references connections (id) on delete set null,
    connection    text not null,
    revision_id   bigint,
    revision_version integer not null default 0,
    test          boolean not null default false,
    unsolicited   boolean not null default false,
    started_at    timestamptz not null default now(),
    finished_at   timestamptz,
    outcome       text not null default 'pending' check (outcome in ('pending', 'signed_in', 'refused')),
    code          text not null default '',
    refusal       jsonb,
    username      text not null default '',
    username_key  text not null default '',
    user_id       uuid references users (id) on delete set null,
    name_id       text not null default '',
    request_id    text not null default '',
    remote_addr   text not null default '',
    user_agent    text not null default '',
    checks        jsonb not null default '[]',
    changes       jsonb not null default '[]',
    person        jsonb,
    xml_sealed    bytea
);
create index logins_started on logins (started_at desc, id desc);
create index logins_connection on logins (connection, started_at desc);
create index logins_username on logins (username_key, started_at desc) where username_key <> '';

-- AuthnRequests that AWS has not answered yet. The handle is what travels as
-- RelayState; only its hash is kept. A row is claimed once, by deleting it.
create table requests (
    handle_hash   bytea primary key,
    login_id      text not null references logins (id) on delete cascade,
    connection_id bigint not null references connections (id) on delete cascade,
    revision_id   bigint not null references revisions (id) on delete cascade,
    revision_version integer not null default 0,
    request_id    text not null,
    browser_hash  bytea not null,
    return_to     text not null default '',
    test          boolean not null default false,
    created_at    timestamptz not null default now(),
    expires_at    timestamptz not null
);
create index requests_expires on requests (expires_at);

create table seen_assertions (
    connection_id bigint not null references connections (id) on delete cascade,
    assertion_id  text not null,
    expires_at    timestamptz not null,
    primary key (connection_id, assertion_id)
);
create index seen_assertions_expires on seen_assertions (expires_at);

create table audit (
    id          bigint generated always as identity primary key,
    at          timestamptz not null default now(),
    actor       text not null,
    remote_addr text not null default '',
    action      text not null,
    object      text not null default '',
    before      jsonb,
    after       jsonb,
    note        text not null default ''
);
create index audit_object on audit (object, id desc);

create table apps (
    slug          text primary key,
    kind          text not null check (kind in ('oidc', 'crowd')),
    name          text not null,
    redirect_uris text[] not null default '{}',
    allowed_ips   text[] not null default '{}',
    created_at    timestamptz not null default now(),
    updated_at    timestamptz not null default now()
);

-- +goose Down
drop table apps, audit, seen_assertions, requests, logins, rule_groups, rules,
    memberships, groups, identities, users, revisions, connections, sessions,
    claim_tokens, administrators, settings;
