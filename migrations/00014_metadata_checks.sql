-- +goose Up

-- AWS's metadata is fetched again from where it came from. What it says now is
-- kept beside the connection; it is trusted only when an administrator says so,
-- or where trust_new says that they have said so in advance.
create table metadata_checks (
    connection_id bigint primary key references connections (id) on delete cascade,
    trust_new     boolean not null default false,
    checked_at    timestamptz,
    next_at       timestamptz not null,
    failures      int not null default 0,
    problem       text not null default '',
    offered       text not null default ''
);

-- +goose Down
drop table metadata_checks;
