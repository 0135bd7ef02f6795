-- +goose Up

-- What AWS calls groups: answers bring ids, and nobody knows them by those. An id is
-- here because an answer brought it, or because somebody named it.
create table aws_group_names (
    connection_id bigint not null references connections (id) on delete cascade,
    aws_id        text not null,
    name          text not null default '', -- by hand; empty: not yet
    named_by      text not null default '',
    named_at      timestamptz,
    first_seen_at timestamptz, -- in an answer, to the hour; null: never
    last_seen_at  timestamptz,
    primary key (connection_id, aws_id)
);
create index aws_group_names_seen on aws_group_names (coalesce(last_seen_at, 'epoch'::timestamptz) desc, connection_id, aws_id);

update schema set version = greatest(version, 48);

-- +goose Down
drop table aws_group_names;
