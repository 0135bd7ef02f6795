-- +goose Up

-- An assertion stays used when its connection is deleted and made again under the
-- same name, and for as long as the largest tolerance of clocks could let it in:
-- a connection's own may be raised later.
alter table seen_assertions add column connection text;
update seen_assertions s set connection = c.slug, expires_at = s.expires_at + interval '5 minutes'
from connections c where c.id = s.connection_id;
alter table seen_assertions drop constraint seen_assertions_pkey, drop column connection_id,
    add primary key (connection, assertion_id);

-- +goose Down
alter table seen_assertions add column connection_id bigint references connections (id) on delete cascade;
update seen_assertions s set connection_id = c.id from connections c where c.slug = s.connection;
delete from seen_assertions where connection_id is null;
alter table seen_assertions drop constraint seen_assertions_pkey, drop column connection,
    add primary key (connection_id, assertion_id);
