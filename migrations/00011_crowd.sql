-- +goose Up

-- What happened to users and groups, for apps that keep a copy of them. Rows
-- say what was touched; what became of it is read when an app asks. xid is the
-- transaction: an app's token is a snapshot, and news are the rows whose
-- transaction that snapshot does not see. So a transaction that commits late is
-- never skipped, whatever its ids.
create table crowd_events (
    id        bigint generated always as identity primary key,
    xid       bigint not null default (pg_current_xact_id()::text::bigint),
    at        timestamptz not null default now(),
    kind      text not null check (kind in ('user', 'group', 'membership', 'reset')),
    operation text not null check (operation in ('created', 'updated', 'renamed', 'deleted', 'touched')),
    user_id   uuid,
    group_id  bigint,
    name      text not null default '', -- after the change; of what was deleted, its last one
    old_name  text not null default '', -- before a renaming
    apps      text[] not null default '{}' -- reset: whose copies are void; group deleted: who had chosen it
);
create index crowd_events_xid on crowd_events (xid);
create index crowd_events_at on crowd_events (at);

-- How far the log was pruned: an older token has missed something.
create table crowd_pruned (
    single boolean primary key default true check (single),
    xid    bigint not null default 0
);
insert into crowd_pruned default values;

-- +goose StatementBegin
create function crowd_users_inserted() returns trigger language plpgsql as $$
begin
    insert into crowd_events (kind, operation, user_id, name) select 'user', 'created', id, username from added;
    return null;
end $$;
-- +goose StatementEnd
-- +goose StatementBegin
create function crowd_users_deleted() returns trigger language plpgsql as $$
begin
    insert into crowd_events (kind, operation, user_id, name) select 'user', 'deleted', id, username from gone;
    return null;
end $$;
-- +goose StatementEnd
-- +goose StatementBegin
create function crowd_user_updated() returns trigger language plpgsql as $$
begin
    if old.username is distinct from new.username then
        insert into crowd_events (kind, operation, user_id, name, old_name) values ('user', 'renamed', new.id, new.username, old.username);
    else
        insert into crowd_events (kind, operation, user_id, name) values ('user', 'updated', new.id, new.username);
    end if;
    return null;
end $$;
-- +goose StatementEnd
create trigger crowd_inserted after insert on users
    referencing new table as added for each statement execute function crowd_users_inserted();
create trigger crowd_deleted after delete on users
    referencing old table as gone for each statement execute function crowd_users_deleted();
-- A login that changes nothing sets last_login_at only: it makes no event.
create trigger crowd_updated after update of username, email, display_name, first_name, last_name, active on users
    for each row when ((old.username, old.email, old.display_name, old.first_name, old.last_name, old.active)
        is distinct from (new.username, new.email, new.display_name, new.first_name, new.last_name, new.active))
    execute function crowd_user_updated();

-- +goose StatementBegin
create function crowd_groups_inserted() returns trigger language plpgsql as $$
begin
    insert into crowd_events (kind, operation, group_id, name) select 'group', 'created', id, name from added;
    return null;
end $$;
-- +goose StatementEnd
-- +goose StatementBegin
create function crowd_group_updated() returns trigger language plpgsql as $$
begin
    if old.name is distinct from new.name then
        insert into crowd_events (kind, operation, group_id, name, old_name) values ('group', 'renamed', new.id, new.name, old.name);
    else
        insert into crowd_events (kind, operation, group_id, name) values ('group', 'updated', new.id, new.name);
    end if;
    return null;
end $$;
-- +goose StatementEnd
-- Before the deletion, while it is known who had chosen the group.
-- +goose StatementBegin
create function crowd_group_deleted() returns trigger language plpgsql as $$
begin
    insert into crowd_events (kind, operation, group_id, name, apps)
        values ('group', 'deleted', old.id, old.name, array(select app from app_groups where group_id = old.id));
    return old;
end $$;
-- +goose StatementEnd
create trigger crowd_inserted after insert on groups
    referencing new table as added for each statement execute function crowd_groups_inserted();
create trigger crowd_updated after update of name, description on groups
    for each row when ((old.name, old.description) is distinct from (new.name, new.description))
    execute function crowd_group_updated();
create trigger crowd_deleted before delete on groups
    for each row execute function crowd_group_deleted();

-- A person may be in a group for several reasons. Whether a pair is still one is
-- read later: two transactions that each take one of two reasons away do not see
-- each other. With a user or a group that is deleted its memberships go by themselves.
-- +goose StatementBegin
create function crowd_memberships_inserted() returns trigger language plpgsql as $$
begin
    insert into crowd_events (kind, operation, user_id, group_id) select distinct 'membership', 'touched', user_id, group_id from added;
    return null;
end $$;
-- +goose StatementEnd
-- +goose StatementBegin
create function crowd_memberships_deleted() returns trigger language plpgsql as $$
begin
    insert into crowd_events (kind, operation, user_id, group_id)
        select distinct 'membership', 'touched', m.user_id, m.group_id from gone m
        join users u on u.id = m.user_id join groups g on g.id = m.group_id;
    return null;
end $$;
-- +goose StatementEnd
create trigger crowd_inserted after insert on memberships
    referencing new table as added for each statement execute function crowd_memberships_inserted();
create trigger crowd_deleted after delete on memberships
    referencing old table as gone for each statement execute function crowd_memberships_deleted();

-- An app that may see other groups than before has to read everything again.
-- +goose StatementBegin
create function crowd_app_groups_inserted() returns trigger language plpgsql as $$
begin
    insert into crowd_events (kind, operation, apps) select 'reset', 'touched', array_agg(distinct app) from added having count(*) > 0;
    return null;
end $$;
-- +goose StatementEnd
-- +goose StatementBegin
create function crowd_app_groups_deleted() returns trigger language plpgsql as $$
begin
    insert into crowd_events (kind, operation, apps) select 'reset', 'touched', array_agg(distinct a.app)
        from gone a join groups g on g.id = a.group_id join apps on apps.slug = a.app having count(*) > 0;
    return null;
end $$;
-- +goose StatementEnd
-- +goose StatementBegin
create function crowd_app_updated() returns trigger language plpgsql as $$
begin
    insert into crowd_events (kind, operation, apps) values ('reset', 'touched', array[new.slug]);
    return null;
end $$;
-- +goose StatementEnd
create trigger crowd_inserted after insert on app_groups
    referencing new table as added for each statement execute function crowd_app_groups_inserted();
create trigger crowd_deleted after delete on app_groups
    referencing old table as gone for each statement execute function crowd_app_groups_deleted();
create trigger crowd_updated after update of all_groups on apps
    for each row when (old.all_groups is distinct from new.all_groups) execute function crowd_app_updated();

-- Sessions that apps asked for; only the hash of the token is kept. factors is
-- the hash of what the app said about the browser.
create table crowd_sessions (
    token_hash bytea primary key,
    app        text not null references apps (slug) on delete cascade on update cascade,
    user_id    uuid not null references users (id) on delete cascade,
    factors    bytea not null,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null
);
create index crowd_sessions_user on crowd_sessions (user_id);
create index crowd_sessions_app on crowd_sessions (app);
create index crowd_sessions_expires on crowd_sessions (expires_at);

-- What an app was seen to do: for the page about it.
create table crowd_activity (
    app              text primary key references apps (slug) on delete cascade on update cascade,
    requests         bigint not null default 0,
    refused          bigint not null default 0,
    tested_at        timestamptz,
    full_began_at    timestamptz,
    full_ended_at    timestamptz,
    full_users       bigint not null default 0,
    full_groups      bigint not null default 0,
    full_memberships bigint not null default 0,
    incremental_at     timestamptz,
    incremental_events bigint not null default 0
);

-- The last requests of an app, in a ring of slots.
create table crowd_requests (
    app         text not null references apps (slug) on delete cascade on update cascade,
    slot        integer not null,
    at          timestamptz not null,
    method      text not null,
    path        text not null,
    kind        text not null default '',
    status      integer not null,
    reason      text not null default '',
    entries     bigint not null default 0,
    took_us     bigint not null default 0,
    remote_addr text not null default '',
    user_agent  text not null default '',
    primary key (app, slot)
);

-- Names that belong to no app, as somebody typed them into an Atlassian product.
create table crowd_strangers (
    name        text not null,
    remote_addr text not null,
    attempts    bigint not null default 1,
    at          timestamptz not null,
    primary key (name, remote_addr)
);
