-- +goose Up

-- The tokens that apps were given: which transactions had committed. An app may
-- go on from what this table knows. What was given after a backup or a snapshot
-- of the disk was made is unknown once that is restored, and its transaction ids
-- come a second time.
create table crowd_tokens (
    id        bigint generated always as identity primary key,
    token     text not null unique,
    app       text not null references apps (slug) on delete cascade on update cascade,
    snapshot  pg_snapshot not null,
    full_sync boolean not null default false, -- of a full synchronization whose end was not seen yet
    at        timestamptz not null
);
create index crowd_tokens_app on crowd_tokens (app, id);

-- A copy of the files, or a standby that took over, has the transactions of the
-- tokens in it. Only rows that were read into another database have not.
-- +goose StatementBegin
create or replace function crowd_database() returns text language plpgsql stable as $$
declare
    here text := concat_ws('/', (select oid from pg_database where datname = current_database()), to_regclass('crowd_events')::oid);
begin
    begin
        here := concat_ws('/', here, (select system_identifier from pg_control_system()));
    exception when insufficient_privilege then
        null; -- a provider may keep it to itself
    end;
    return substr(md5(here), 1, 12);
end $$;
-- +goose StatementEnd

-- +goose Down
drop table crowd_tokens;
-- +goose StatementBegin
create or replace function crowd_database() returns text language plpgsql stable as $$
declare
    here text := concat_ws('/', (select oid from pg_database where datname = current_database()), to_regclass('crowd_events')::oid);
begin
    begin
        here := concat_ws('/', here, (select system_identifier from pg_control_system()), (select timeline_id from pg_control_checkpoint()));
    exception when insufficient_privilege then
        null;
    end;
    return substr(md5(here), 1, 12);
end $$;
-- +goose StatementEnd
