-- +goose Up

-- Local passwords of service accounts: users whom a program signs in as, and
-- who never come from AWS. They are made by Postern, 260 random bits, so a
-- SHA-256 keeps them; hint is the beginning, to tell them apart.
create table service_passwords (
    user_id      uuid primary key references users (id) on delete cascade,
    hash         text not null,
    hint         text not null,
    created_by   text not null,
    created_at   timestamptz not null default now(),
    last_used_at timestamptz
);

-- +goose Down
drop table service_passwords;
