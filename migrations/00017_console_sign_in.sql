-- +goose Up

-- Sessions of the console, for people to see and end. The cookie's token is in
-- sessions; this row is named there.
create table admin_sessions (
    id               bigint generated always as identity primary key,
    administrator_id bigint not null references administrators (id) on delete cascade,
    method           text not null,
    remote_addr      text not null default '',
    user_agent       text not null default '',
    started_at       timestamptz not null,
    last_seen_at     timestamptz not null,
    ended_at         timestamptz
);
create index admin_sessions_of on admin_sessions (administrator_id, last_seen_at desc);

-- Failed sign-ins to the console, by account (whether it exists or not) and by
-- address. Only hashes of them are kept.
create table sign_in_failures (
    key   bytea primary key,
    count int not null,
    until timestamptz not null
);
create index sign_in_failures_until on sign_in_failures (until);

-- Browsers in which an administrator has signed in before: an attack on the
-- account from elsewhere does not lock them out.
create table known_browsers (
    token_hash       bytea not null,
    administrator_id bigint not null references administrators (id) on delete cascade,
    seen_at          timestamptz not null,
    primary key (administrator_id, token_hash)
);

-- Passkeys; credential is what the WebAuthn library needs to verify with it.
alter table administrators add column handle uuid not null unique default gen_random_uuid();
create table passkeys (
    id               bytea primary key,
    administrator_id bigint not null references administrators (id) on delete cascade,
    name             text not null,
    credential       jsonb not null,
    created_at       timestamptz not null default now(),
    last_used_at     timestamptz
);
create index passkeys_of on passkeys (administrator_id);

-- Codes for somebody who has lost every passkey. Each works once.
create table recovery_codes (
    administrator_id bigint not null references administrators (id) on delete cascade,
    hash             text not null,
    used_at          timestamptz,
    primary key (administrator_id, hash)
);

-- +goose Down
drop table recovery_codes, passkeys, known_browsers, sign_in_failures, admin_sessions;
alter table administrators drop column handle;
