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

-- +goose Down
select 1; -- nothing is lost
