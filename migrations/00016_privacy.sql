-- +goose Up

-- The audit can only be added to by the role that Postern runs as. What is said
-- there about somebody who has the right to be forgotten goes through this: it
-- takes a name and everything that a user had out, and nothing else.
-- +goose StatementBegin
create function erase_from_audit(name text, alias text) returns bigint
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    n bigint;
    old text := to_json(name)::text;
    fresh text := to_json(alias)::text;
begin
    if name = '' then
        return 0;
    end if;
    update audit a set
        object = case when a.object = name then alias
            when right(a.object, length(name) + 2) = ': ' || name then left(a.object, -length(name)) || alias
            else a.object end,
        before = case when a.action like 'user.%' or a.action like 'identity.%' then null else replace(a.before::text, old, fresh)::jsonb end,
        after  = case when a.action like 'user.%' or a.action like 'identity.%' then null else replace(a.after::text, old, fresh)::jsonb end,
        note   = replace(a.note, name, alias)
    where (a.action like 'user.%' or a.action like 'identity.%' or a.action like 'membership.%' or a.action like 'bulk.%')
      and (a.object = name or right(a.object, length(name) + 2) = ': ' || name
           or strpos(a.before::text, old) > 0 or strpos(a.after::text, old) > 0);
    get diagnostics n = row_count;
    return n;
end $$;
-- +goose StatementEnd
revoke all on function erase_from_audit(text, text) from public;

-- +goose Down
drop function erase_from_audit(text, text);
