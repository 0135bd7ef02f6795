-- +goose Up

-- What an administrator has typed into a step of the setup and not saved yet.
-- base is what was stored when they began: when it still is, nobody else has
-- changed the step meanwhile.
create table typed_answers (
    administrator_id bigint not null references administrators (id) on delete cascade,
    revision_id      bigint not null references revisions (id) on delete cascade,
    step             text not null,
    version          integer not null,
    base             jsonb not null,
    answers          jsonb not null,
    updated_at       timestamptz not null default now(),
    primary key (administrator_id, revision_id, step)
);
create index typed_answers_revision on typed_answers (revision_id);
