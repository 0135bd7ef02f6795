-- +goose Up

-- Which database this is. The log of changes counts in transaction ids, which a
-- restored backup has a second time, and another server has others: what an app
-- was told by one database means nothing in another. When the database has
-- changed, the log begins anew.
-- +goose StatementBegin
create function crowd_database() returns text language plpgsql stable as $$
declare
    here text := concat_ws('/', (select oid from pg_database where datname = current_database()), to_regclass('crowd_events')::oid);
begin
    begin
        here := concat_ws('/', here, (select system_identifier from pg_control_system()), (select timeline_id from pg_control_checkpoint()));
    exception when insufficient_privilege then
        null; -- a provider may keep these two to itself
    end;
    return substr(md5(here), 1, 12);
end $$;
-- +goose StatementEnd
alter table crowd_pruned add column database text not null default '';

-- +goose Down
alter table crowd_pruned drop column database;
drop function crowd_database();
