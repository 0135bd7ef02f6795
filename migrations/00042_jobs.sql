-- +goose Up

-- Work that takes long. A worker has a job while it keeps saying that it is alive;
-- each part of the work is done in one transaction with the count of what is done.
create table jobs (
    id              bigint generated always as identity primary key,
    kind            text not null check (kind in ('import', 'import_undo')),
    state           text not null default 'waiting' check (state in ('waiting', 'running', 'done', 'canceled', 'failed')),
    actor           text not null, -- who started it, and what they may
    remote_addr     text not null,
    outside_console boolean not null,
    created_at      timestamptz not null default now(),
    started_at      timestamptz,
    finished_at     timestamptz,
    total           int not null, -- rows to do
    done            int not null default 0, -- up to this row
    made            int not null default 0,
    changed         int not null default 0,
    kept            int not null default 0, -- rows that could not be done
    problem         text not null default '',
    canceled_by     text not null default '',
    undoes          bigint references jobs on delete cascade,
    audit_id        bigint not null, -- the entry that begins the act
    columns         text[] not null default '{}', -- of the rows that are set aside
    worker          text not null default '',
    alive_at        timestamptz,
    attempts        int not null default 0, -- that failed since the last part that worked
    due_at          timestamptz not null default now()
);
create index jobs_open on jobs (id) where state in ('waiting', 'running');
create unique index jobs_one_undo on jobs (undoes) where state not in ('canceled', 'failed');

-- What a job is about, row by row. Rows after the total were set aside at the start.
create table job_rows (
    job_id  bigint not null references jobs on delete cascade,
    nr      int not null,
    keys    text[] not null, -- who it is about: username, email
    input   jsonb not null,
    did     jsonb, -- null: nothing, or not yet
    undone  boolean, -- null: not tried
    problem text not null default '',
    primary key (job_id, nr)
);

update schema set version = greatest(version, 42);

-- +goose Down
drop table job_rows, jobs;
