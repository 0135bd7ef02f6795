-- +goose Up

-- Takes out of the audit what is said about one person, and nothing that merely
-- contains the letters of the name. It is refused while a user has the name: the
-- erasure deletes the user first.
-- +goose StatementBegin
create or replace function erase_from_audit(name text, alias text) returns bigint
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    n bigint;
    total bigint := 0;
    word text := '(^|[^[:alnum:]])' || regexp_replace(name, '([^[:alnum:][:space:]])', '\\\1', 'g') || '($|[^[:alnum:]])';
begin
    if name = '' then
        return 0;
    end if;
    if exists (select from users u where u.username = name) then
        raise exception 'a user has this name';
    end if;
    -- What was done to the person: that it was done stays, and what it was does not.
    update audit a set object = case when a.object = name then alias else a.object end, before = null, after = null, note = ''
    where (a.action like 'user.%' or a.action like 'identity.%' or a.action like 'trace_link.%')
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

-- +goose Down
select 1; -- the earlier one did too much
