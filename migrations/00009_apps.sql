-- +goose Up

-- product is the Atlassian product on the other side; connection is the slug of
-- the one people sign in through, empty where they choose; all_groups tells
-- whether the app sees every group, else those in app_groups.
alter table apps
    add column product     text not null default 'other' check (product in ('jira', 'confluence', 'bitbucket', 'bamboo', 'other')),
    add column connection  text not null default '',
    add column public      boolean not null default false,
    add column all_groups  boolean not null default true,
    add column post_logout_uris text[] not null default '{}';

create table app_groups (
    app      text not null references apps (slug) on delete cascade on update cascade,
    group_id bigint not null references groups (id) on delete cascade,
    primary key (app, group_id)
);
create index app_groups_group on app_groups (group_id);

-- Client secrets and application passwords, two at most while one replaces the
-- other. Only hashes are kept; hint is the beginning, to tell them apart.
create table app_secrets (
    id           bigint generated always as identity primary key,
    app          text not null references apps (slug) on delete cascade on update cascade,
    hash         text not null,
    hint         text not null,
    created_by   text not null,
    created_at   timestamptz not null default now(),
    last_used_at timestamptz
);
create index app_secrets_app on app_secrets (app);
