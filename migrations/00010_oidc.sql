-- +goose Up

-- Keys that sign ID tokens. next is published before it signs anything, and a
-- retired one stays published for as long as what it signed may be looked at.
-- The private key is sealed.
create table oidc_keys (
    id         text primary key,
    state      text not null check (state in ('next', 'current', 'retired')),
    sealed     bytea not null,
    created_at timestamptz not null,
    current_at timestamptz,
    retired_at timestamptz
);
create unique index oidc_keys_one_next on oidc_keys (state) where state = 'next';
create unique index oidc_keys_one_current on oidc_keys (state) where state = 'current';

-- One time that an app sent somebody here to sign in. The row gets its user and
-- the hash of its code when the person is signed in, and stays after the code
-- was spent, so that a second use of the code is seen. max_age is in seconds;
-- hint is the user that the app expects.
create table oidc_requests (
    id             text primary key,
    app            text not null references apps (slug) on delete cascade on update cascade,
    redirect_uri   text not null,
    state          text not null,
    nonce          text not null,
    scopes         text[] not null,
    code_challenge text not null,
    prompt         text not null,
    max_age        bigint,
    hint           text not null,
    created_at     timestamptz not null,
    expires_at     timestamptz not null,
    user_id        uuid references users (id) on delete cascade,
    session_epoch  integer not null default 0,
    auth_time      timestamptz,
    acr            text not null default '',
    code_hash      bytea unique,
    code_expires_at timestamptz,
    spent_at       timestamptz
);
create index oidc_requests_app on oidc_requests (app);
create index oidc_requests_user on oidc_requests (user_id);
create index oidc_requests_expires on oidc_requests (expires_at);

-- Access and refresh tokens by their hash. grant_id is the request that they
-- come from; it may be gone already. spent_at: a refresh token that was
-- exchanged for another one.
create table oidc_tokens (
    hash          bytea primary key,
    kind          text not null check (kind in ('access', 'refresh')),
    grant_id      text not null,
    app           text not null references apps (slug) on delete cascade on update cascade,
    user_id       uuid not null references users (id) on delete cascade,
    session_epoch integer not null,
    scopes        text[] not null,
    auth_time     timestamptz not null,
    expires_at    timestamptz not null,
    spent_at      timestamptz
);
create index oidc_tokens_grant on oidc_tokens (grant_id);
create index oidc_tokens_app on oidc_tokens (app);
create index oidc_tokens_user on oidc_tokens (user_id);
create index oidc_tokens_expires on oidc_tokens (expires_at);

-- The last sign-in of each app that worked and the last that did not.
-- unreported counts refusals since audited_at, when one was last audited.
create table app_sign_ins (
    app           text primary key references apps (slug) on delete cascade on update cascade,
    worked_at     timestamptz,
    worked_user   text not null default '',
    refused_at    timestamptz,
    refused_error text not null default '',
    refused_why   text not null default '',
    refused_addr  text not null default '',
    audited_at    timestamptz,
    unreported    bigint not null default 0
);
