-- +goose Up

-- Keys sort bytewise: pages and indexes are the same on every server, whatever
-- its locale, and an index serves searches by prefix, too.
alter table administrators alter column email_key type text collate "C";
alter table users alter column username_key type text collate "C", alter column email_key type text collate "C";
alter table groups alter column name_key type text collate "C";
alter table rules alter column name_key type text collate "C";
alter table logins alter column username_key type text collate "C";

-- What searches look into: the keys of several texts, one a line. lower() is
-- near enough for what is here already; the program writes the real key at the
-- next change.
alter table users add column search_key text collate "C" not null default '';
update users set search_key = username_key || E'\n' || email_key || E'\n' || lower(display_name);
alter table groups add column search_key text collate "C" not null default '';
update groups set search_key = name_key || E'\n' || lower(description);
alter table logins add column name_id_key text collate "C" not null default '';
update logins set name_id_key = lower(name_id);

-- A search inside of words needs trigrams. Where the extension is not
-- installed, or this role may not create it, the search reads the whole table.
-- +goose StatementBegin
do $$
begin
    create extension if not exists pg_trgm;
    execute 'create index users_search on users using gin (search_key gin_trgm_ops)';
    execute $sql$ create index audit_search on audit using gin
        ((actor || ' ' || action || ' ' || object || ' ' || note) gin_trgm_ops) $sql$;
exception when others then
    raise notice 'no index for searches: %', sqlerrm;
end
$$;
-- +goose StatementEnd

drop index users_email_key;
create index users_email on users (email_key, username_key);
create index users_last_login on users (coalesce(last_login_at, '-infinity'), username_key);
create index users_inactive on users (username_key) where not active;
create index users_source on users (source, username_key);
create index rules_connection on rules (connection_id);
create index logins_connection_id on logins (connection_id);
create index logins_name_id on logins (name_id_key, started_at desc) where name_id_key <> '';
create index logins_user on logins (user_id, started_at desc) where user_id is not null;
create index logins_outcome on logins (outcome, started_at desc, id desc);
create index logins_code on logins (code, started_at desc, id desc) where code <> '';
create index logins_test on logins (revision_id, started_at desc) where test;
create index logins_xml on logins (started_at) where xml_sealed is not null;
create index requests_login on requests (login_id);
create index audit_actor on audit (actor, id desc);
create index audit_action on audit (action text_pattern_ops, id desc);
create index audit_at on audit (at);
