-- +goose Up

-- An administrator's word that the next login which brings this username through
-- this connection may be linked to the user. The rows of one act share its id:
-- the first of them that is used ends the act for that user. A used one is
-- deleted; one that was taken back stays, so that nobody is offered it again.
create table link_consents (
    id             bigint generated always as identity primary key,
    act            uuid not null,
    user_id        uuid not null references users (id) on delete cascade,
    connection_id  bigint not null references connections (id) on delete cascade,
    username_key   text not null,
    given_by       text not null,
    why            text not null check (why in ('made', 'imported', 'document', 'unlinked', 'allowed', 'link_anew')),
    given_at       timestamptz not null default now(),
    ends_at        timestamptz,
    taken_back_at  timestamptz,
    taken_back_by  text not null default '',
    unique (user_id, connection_id),
    check (why <> 'link_anew' or ends_at is not null)
);
create index link_consents_act on link_consents (act);
create index link_consents_connection on link_consents (connection_id);
create index link_consents_ends on link_consents (ends_at) where ends_at is not null;

-- A stable id may be known from another connection.
create index identities_stable_id on identities (external_id) where external_id <> '';

update schema set version = greatest(version, 31);

-- +goose Down
drop index identities_stable_id;
drop table link_consents;
