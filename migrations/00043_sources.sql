-- +goose Up

-- Places that users and groups are read from or pushed by. How one is read is in
-- settings. Whoever runs it says that it is alive; the slug is for good.
create table sources (
    id              bigint generated always as identity primary key,
    slug            text not null unique,
    name            text not null,
    kind            text not null check (kind in ('aws', 'ldap', 'scim')),
    status          text not null default 'draft' check (status in ('draft', 'live', 'paused')),
    connection_id   bigint references connections (id) on delete set null,
    settings        jsonb not null,
    secret_sealed   bytea,
    secret_set_at   timestamptz,
    revision        integer not null default 1,
    approved_for    text not null default '', -- the reading settings under which a person approved a plan
    next_is_dry     boolean not null default false,
    next_run_at     timestamptz,
    failures_in_row integer not null default 0,
    last_good_at    timestamptz, -- of the last run that read everything
    worker          text not null default '',
    alive_at        timestamptz,
    created_at      timestamptz not null default now(),
    updated_at      timestamptz not null default now()
);
create index sources_connection on sources (connection_id) where connection_id is not null;

-- The mirror: what a source said last, before any rule of ours. Rows are written
-- when their digest changes. Which run read them first, changed them, and missed
-- them first, is told by numbers of runs that may be gone.
create table source_users (
    source_id     bigint not null references sources (id) on delete cascade,
    stable_id     text not null,
    digest        text not null,
    says          smallint not null,
    username      text not null default '',
    username_key  text not null default '',
    email         text not null default '',
    email_key     text not null default '',
    first_name    text not null default '',
    last_name     text not null default '',
    display_name  text not null default '',
    enabled       boolean not null,
    why           text not null default '',
    place         text not null default '',
    assigned      boolean not null default false,
    attributes    jsonb,
    foreign_ids   text[] not null default '{}',
    state         text not null default 'present' check (state in ('present', 'absent')),
    missed        integer not null default 0, -- complete runs since it was there
    user_id       uuid references users (id) on delete set null,
    first_run     bigint not null,
    changed_run   bigint not null,
    absent_run    bigint,
    absent_at     timestamptz,
    primary key (source_id, stable_id)
);
create index source_users_user on source_users (user_id) where user_id is not null;
create index source_users_username on source_users (username_key);
create index source_users_email on source_users (email_key) where email_key <> '';
create index source_users_foreign on source_users using gin (foreign_ids);

create table source_groups (
    source_id   bigint not null references sources (id) on delete cascade,
    stable_id   text not null,
    digest      text not null,
    name        text not null,
    description text not null default '',
    place       text not null default '',
    members     text[] not null default '{}', -- stable ids of people
    state       text not null default 'present' check (state in ('present', 'absent')),
    group_id    bigint references groups (id) on delete set null,
    first_run   bigint not null,
    changed_run bigint not null,
    absent_run  bigint,
    primary key (source_id, stable_id)
);
create index source_groups_group on source_groups (group_id) where group_id is not null;

-- Runs, with the plan that each made, one row a change, in the order in which
-- they are carried out. A run is over when it has an end.
create table source_runs (
    id              bigint generated always as identity primary key,
    source_id       bigint not null references sources (id) on delete cascade,
    trigger         text not null check (trigger in ('schedule', 'hand', 'approval', 'undo', 'push')),
    actor           text not null default '',
    remote_addr     text not null default '',
    outcome         text not null check (outcome in ('reading', 'applying', 'applied', 'nothing', 'dry_run', 'held', 'incomplete', 'failed',
                        'rejected', 'superseded', 'undone')),
    reason          text not null default '',
    detail          text not null default '',
    remedy          text not null default '',
    reading         text not null default '', -- the reading settings that it read by
    dry             boolean not null default false, -- was asked to change nothing
    counts          jsonb not null default '{}',
    server          text not null default '',
    holds           jsonb not null default '[]',
    remarks         text[] not null default '{}',
    digest          text not null default '',
    changes         integer not null default 0,
    done            integer not null default 0, -- changes up to this one
    approves        bigint references source_runs on delete set null,
    undoes          bigint references source_runs on delete set null,
    decided_by      text not null default '',
    audit_id        bigint, -- the entry that begins the act
    seen_users      integer not null default 0, -- read so far
    seen_groups     integer not null default 0,
    started_at      timestamptz not null default now(),
    ended_at        timestamptz
);
create index source_runs_source on source_runs (source_id, id desc);
create index source_runs_ended on source_runs (ended_at);
create unique index source_runs_open on source_runs (source_id) where ended_at is null;
create unique index source_runs_one_undo on source_runs (undoes) where outcome not in ('failed', 'incomplete');

create table source_changes (
    run_id      bigint not null references source_runs (id) on delete cascade,
    nr          integer not null,
    kind        text not null check (kind in ('group_made', 'created', 'linked', 'updated', 'renamed', 'deactivated', 'reactivated', 'members')),
    stable_id   text not null,
    user_id     uuid,
    keys        text[] not null default '{}', -- who it is about: username, email, before and after
    before      jsonb,
    after       jsonb,
    home        boolean not null default false,
    group_name  text not null default '',
    ref         text not null default '',
    added       text[] not null default '{}', -- stable ids; of an undo, ids of users
    removed     text[] not null default '{}', -- ids of users
    place       text not null default '',
    why         text not null default '',
    state       text not null default 'planned' check (state in ('planned', 'applied', 'skipped', 'undone')),
    problem     text not null default '', -- why it was skipped
    applied_at  timestamptz, -- the time that it left in what it wrote
    primary key (run_id, nr)
);
create index source_changes_keys on source_changes using gin (keys);
create index source_changes_user on source_changes (user_id) where user_id is not null;

create table source_left_out (
    run_id    bigint not null references source_runs (id) on delete cascade,
    nr        integer not null,
    kind      text not null check (kind in ('username_taken', 'two_users', 'username_twice', 'reused_name', 'name_refused', 'administrator',
                  'not_created', 'pinned', 'by_hand_only', 'group_name', 'by_hand', 'other_source', 'grace')),
    stable_id text not null,
    name      text not null,
    keys      text[] not null default '{}',
    users     text[] not null default '{}',
    detail    text not null,
    primary key (run_id, nr)
);
create index source_left_out_keys on source_left_out using gin (keys);

-- Who owns the user's fields, what an administrator keeps from it, and who
-- deactivated the user: 'hand', or 'source:' and a slug; empty of active users.
alter table users
    add column home_source text references sources (slug) on delete set null,
    add column pins jsonb not null default '{}',
    add column deactivated_by text not null default '';
update users set deactivated_by = 'hand' where not active;
create index users_home on users (home_source) where home_source is not null;

-- Whatever deactivates a user without saying for whom, does it for a person.
-- +goose StatementBegin
create function user_deactivated() returns trigger language plpgsql as $$
begin
    new.deactivated_by := case when new.active then '' else 'hand' end;
    return new;
end $$;
-- +goose StatementEnd
create trigger user_deactivated before insert or update of active, deactivated_by on users
    for each row when (new.active = (new.deactivated_by <> '')) execute function user_deactivated();

alter table groups add column by_hand_only boolean not null default false;

-- 'ldap' and 'aws' were never written: a source is named by ref.
alter table users drop constraint users_source_check, add constraint users_source_check check (source in ('manual', 'jit', 'source'));
alter table memberships drop constraint memberships_source_check,
    add constraint memberships_source_check check (source in ('manual', 'rule', 'source'));
create index memberships_ref on memberships (ref) where source = 'source';

-- What a source made may be linked by the next login that brings its name.
alter table link_consents drop constraint link_consents_why_check,
    add constraint link_consents_why_check check (why in ('made', 'imported', 'document', 'unlinked', 'allowed', 'link_anew', 'source'));

update schema set version = greatest(version, 43);

-- +goose Down
delete from link_consents where why = 'source';
alter table link_consents drop constraint link_consents_why_check,
    add constraint link_consents_why_check check (why in ('made', 'imported', 'document', 'unlinked', 'allowed', 'link_anew'));
drop index memberships_ref;
delete from memberships where source = 'source';
alter table memberships drop constraint memberships_source_check,
    add constraint memberships_source_check check (source in ('manual', 'rule', 'ldap', 'aws'));
update users set source = 'manual' where source = 'source';
alter table users drop constraint users_source_check, add constraint users_source_check check (source in ('manual', 'jit', 'ldap', 'aws'));
alter table groups drop column by_hand_only;
drop trigger user_deactivated on users;
drop function user_deactivated();
alter table users drop column home_source, drop column pins, drop column deactivated_by;
drop table source_left_out, source_changes, source_runs, source_groups, source_users, sources;
