-- +goose Up

-- A search for one or two letters has no trigram that an index could find. A letter
-- that nearly every text has is found after a few rows; what is left are the others:
-- umlauts, names in other scripts, and signs.
create function rare_letters(written text) returns text[] language sql immutable parallel safe as
    $$ select string_to_array(translate(written, E'abcdefghijklmnopqrstuvwxyz0123456789@. \n', ''), null) $$;

create index users_rare_letters on users using gin (rare_letters(search_key));
create index groups_rare_letters on groups using gin (rare_letters(search_key));
create index audit_rare_letters on audit using gin (rare_letters(lower(audit_text(actor, action, object, note, remote_addr, before, after))));

update schema set version = greatest(version, 59);

-- +goose Down
drop index audit_rare_letters;
drop index groups_rare_letters;
drop index users_rare_letters;
drop function rare_letters(text);
