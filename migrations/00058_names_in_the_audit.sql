-- +goose Up

-- Whom an entry of the audit is about, as far as names are looked for there: 512
-- letters of each, which an index has room for.
create function audit_names(object text, before jsonb, after jsonb) returns text[] language sql immutable parallel safe as
    $$ select array_remove(array[left(lower(object), 512), left(lower(before ->> 'username'), 512),
        left(lower(after ->> 'username'), 512), left(lower(after ->> 'person'), 512)], null) $$;

-- Whether anything is stored about a name that no user has is asked by the list of
-- logins at each search, and must not read the whole audit.
create index audit_of_name on audit using gin (audit_names(object, before, after))
    where action like 'user.%' and action <> 'user.export' or action like 'identity.%' or action like 'membership.%' or action like 'trace_link.%';

update schema set version = greatest(version, 58);

-- +goose Down
drop index audit_of_name;
drop function audit_names(text, jsonb, jsonb);
