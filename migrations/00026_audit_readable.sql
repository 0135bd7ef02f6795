-- +goose Up

-- Exports used to note their filters as they stood in the address. Whom they name
-- is found there now by a search and by an erasure, whatever signs the name has.
-- +goose StatementBegin
create function query_in_plain(written text) returns text language plpgsql as $$
begin
    return convert_from(decode((
        select string_agg(case when m.part[1] like '\%__' then substr(m.part[1], 2) else encode(convert_to(m.part[1], 'UTF8'), 'hex') end, '' order by m.nr)
        from regexp_matches(replace(written, '+', ' '), '%[0-9a-fA-F]{2}|.', 'g') with ordinality m (part, nr)), 'hex'), 'UTF8');
exception when others then
    return written; -- it was cut in the middle, or is no text
end $$;
-- +goose StatementEnd
update audit set note = query_in_plain(note) where action like '%.export' and note ~ '[%+]';
drop function query_in_plain(text);

-- A search looks into everything: from where it was done, and the values before
-- and after, such as whom a change of many changed. Names of fields are not
-- searched: each of them is nearly everywhere. As before, without trigrams the
-- search reads the whole table.
-- +goose StatementBegin
create function audit_text(actor text, action text, object text, note text, address text, before jsonb, after jsonb) returns text
language sql immutable parallel safe as $$
    select actor || ' ' || action || ' ' || object || ' ' || note || ' ' || address
        || coalesce(' ' || jsonb_path_query_array(before, 'strict $.** ? (@.type() == "string")')::text, '')
        || coalesce(' ' || jsonb_path_query_array(after, 'strict $.** ? (@.type() == "string")')::text, '')
$$;
-- +goose StatementEnd
-- +goose StatementBegin
do $$
begin
    create extension if not exists pg_trgm;
    execute 'drop index if exists audit_search';
    execute 'create index audit_search on audit using gin (audit_text(actor, action, object, note, remote_addr, before, after) gin_trgm_ops)';
exception when others then
    raise notice 'no index for searches: %', sqlerrm;
end
$$;
-- +goose StatementEnd

-- +goose Down
drop function audit_text(text, text, text, text, text, jsonb, jsonb) cascade; -- and the index
