-- +goose Up

-- Links by which an administrator follows one person's login. The token is
-- kept sealed, so that the link can be shown again while it lasts; login_id is
-- the latest login that the link started.
create table trace_links (
    id            bigint generated always as identity primary key,
    token_hash    bytea not null unique,
    token_sealed  bytea not null,
    connection_id bigint not null references connections (id) on delete cascade,
    person        text not null,
    author        text not null,
    created_at    timestamptz not null default now(),
    expires_at    timestamptz not null,
    attempts      integer not null default 0,
    login_id      text not null default ''
);
create index trace_links_login on trace_links (login_id) where login_id <> '';
create index trace_links_expires on trace_links (expires_at);
create index trace_links_connection on trace_links (connection_id);

-- How many logins ended on each day (UTC), tests left out. The trace and the
-- count are one statement. part spreads logins of the same minute over several
-- rows, so that they need not wait for each other.
create table login_days (
    day        date not null,
    connection text not null,
    outcome    text not null,
    code       text not null,
    part       smallint not null,
    count      integer not null,
    primary key (day, connection, outcome, code, part)
);
insert into login_days (day, connection, outcome, code, part, count)
select (started_at at time zone 'UTC')::date, connection, outcome, code, 0, count(*)
from logins where outcome <> 'pending' and not test group by 1, 2, 3, 4;

-- +goose Down
drop table login_days, trace_links;
