-- +goose Up

-- Until now an erasure believed the name that it was given, and whoever called
-- the function wrote the entry about it, or did not. Now it takes the user from
-- the table of users and deletes it, and leaves its own entry: nobody can rename
-- somebody, have the audit of another one blanked, and rename back unseen.
drop function erase_from_audit(text, text);

-- Takes out of the audit what is said about one name, and nothing that merely
-- contains its letters. Only the owner calls it, through the function below.
-- +goose StatementBegin
create function blank_in_audit(name text, alias text) returns bigint
language plpgsql set search_path = public, pg_temp as $$
declare
    n bigint;
    total bigint := 0;
    word text := '(^|[^[:alnum:]])' || regexp_replace(name, '([^[:alnum:][:space:]])', '\\\1', 'g') || '($|[^[:alnum:]])';
begin
    -- What was done to the person: that it was done stays, and what it was does not.
    update audit a set object = case when a.object = name then alias else a.object end, before = null, after = null, note = ''
    where (a.action like 'user.%' and a.action <> 'user.export' or a.action like 'identity.%' or a.action like 'trace_link.%')
      and (a.object = name or a.before ->> 'username' = name or a.after ->> 'username' = name
           or a.before ->> 'person' = name or a.after ->> 'person' = name);
    get diagnostics n = row_count;
    total := total + n;
    update audit a set
        object = case when right(a.object, length(name) + 2) = ': ' || name then left(a.object, -length(name)) || alias else a.object end,
        before = case when a.before ->> 'username' = name then jsonb_set(a.before, '{username}', to_jsonb(alias)) else a.before end,
        after  = case when a.after ->> 'username' = name then jsonb_set(a.after, '{username}', to_jsonb(alias)) else a.after end
    where a.action like 'membership.%' and (a.before ->> 'username' = name or a.after ->> 'username' = name);
    get diagnostics n = row_count;
    total := total + n;
    update audit a set after = jsonb_set(a.after, '{usernames}', (
        select jsonb_agg(case when u = to_jsonb(name) then to_jsonb(alias) else u end) from jsonb_array_elements(a.after -> 'usernames') u))
    where a.action like 'bulk.%' and a.after -> 'usernames' @> to_jsonb(array[name]);
    get diagnostics n = row_count;
    total := total + n;
    -- Exports say what was searched for.
    update audit a set note = 'what was searched for is erased' where a.action like '%export%' and a.note ~* word;
    get diagnostics n = row_count;
    return total + n;
end $$;
-- +goose StatementEnd
revoke all on function blank_in_audit(text, text) from public;

-- Erases a user, under the name that the table has, and those of the given names
-- that the audit knows as earlier ones. Without a user, names that no user has.
-- The actor is what the caller says; the role is what the database knows.
-- +goose StatementBegin
create function erase_from_audit(person uuid, names text[], alias text, actor text, address text) returns bigint
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    u record;
    spelling text;
    total bigint := 0;
begin
    if alias !~ '^erased-[0-9a-f]{8}$' then
        raise exception 'this is no alias';
    end if;
    if person is not null then
        delete from users x where x.id = person returning x.username, x.email into u;
        if not found then
            raise exception 'no user has this id' using errcode = 'foreign_key_violation';
        end if;
        select array_append(array_agg(h.name), u.email) into names from (
            with recursive had (name) as (
                select u.username
                union
                select a.before ->> 'username' from audit a join had on a.after ->> 'username' = had.name
                where a.action = 'user.update' and a.before ->> 'username' <> had.name)
            select had.name from had where had.name = u.username or had.name = any (names)) h;
    elsif exists (select from users x where x.username = any (names) or x.username_key = any (select lower(n) from unnest(names) n)) then
        raise exception 'a user has this name' using errcode = 'unique_violation';
    end if;
    foreach spelling in array names loop
        -- An email may be what another user is called.
        if spelling <> '' and not exists (select from users x where x.username = spelling) then
            total := total + blank_in_audit(spelling, alias);
        end if;
    end loop;
    insert into audit (actor, remote_addr, action, object, after, note)
    values (left(actor, 512), left(address, 64), 'user.erase', alias,
        jsonb_build_object('by', 'erase_from_audit', 'database_role', session_user, 'entries', total, 'user_deleted', person is not null),
        'Everything that says who this was is gone.');
    return total;
end $$;
-- +goose StatementEnd
revoke all on function erase_from_audit(uuid, text[], text, text, text) from public;

-- +goose Down
drop function erase_from_audit(uuid, text[], text, text, text);
drop function blank_in_audit(text, text);
-- The earlier one did too much. One that does nothing takes its place.
create function erase_from_audit(name text, alias text) returns bigint language sql as 'select 0::bigint';
revoke all on function erase_from_audit(text, text) from public;
