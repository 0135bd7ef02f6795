-- +goose Up

-- What AWS said about a person at the latest login, so that a change of rules or
-- of the configuration can be tried on everybody without reading every trace.
alter table identities add column last_person jsonb;
update identities i set last_person = l.person
from (select distinct on (user_id, connection_id) user_id, connection_id, person from logins
    where outcome = 'signed_in' and not test and person is not null and user_id is not null
    order by user_id, connection_id, started_at desc) l
where l.user_id = i.user_id and l.connection_id = i.connection_id;

-- +goose Down
alter table identities drop column last_person;
