-- +goose Up

-- Changes of many users at once. items is what really changed, so that undoing
-- one reverses just that.
create table bulk_changes (
    id        bigint generated always as identity primary key,
    at        timestamptz not null default now(),
    actor     text not null,
    kind      text not null check (kind in ('add', 'remove', 'activate', 'deactivate')),
    group_id  bigint references groups (id) on delete cascade,
    items     jsonb not null,
    audit_id  bigint not null,
    undone_at timestamptz,
    undone_by text not null default ''
);
create index bulk_changes_group on bulk_changes (group_id, at desc);
create index bulk_changes_audit on bulk_changes (audit_id);

-- +goose Down
drop table bulk_changes;
