-- +goose Up

-- With which certificate of AWS people were let in, on each day (UTC), tests left
-- out. It is written with the trace, and says which certificate AWS signs with.
-- part spreads logins of the same minute over several rows, so that they need not
-- wait for each other.
create table certificate_days (
    connection_id bigint not null references connections (id) on delete cascade,
    fingerprint   text not null,
    day           date not null,
    part          smallint not null,
    sign_ins      integer not null,
    first_at      timestamptz not null,
    last_at       timestamptz not null,
    last_login    text not null,
    primary key (connection_id, fingerprint, day, part)
);
create index certificate_days_day on certificate_days (day);
insert into certificate_days (connection_id, fingerprint, day, part, sign_ins, first_at, last_at, last_login)
select connection_id, fingerprint, (finished_at at time zone 'UTC')::date, 0, count(*), min(finished_at), max(finished_at),
    (array_agg(id order by finished_at desc))[1]
from (select l.connection_id, l.finished_at, l.id, k ->> 'received' as fingerprint from logins l, jsonb_array_elements(l.checks) k
    where l.outcome = 'signed_in' and not l.test and l.connection_id is not null and l.finished_at > now() - interval '60 days'
      and k ->> 'id' = 'certificate' and k ->> 'received' <> '') seen
group by 1, 2, 3;

-- Which certificates AWS's metadata had when it was last fetched, and since when
-- it has had just these.
alter table metadata_checks
    add column shown text[] not null default '{}',
    add column shown_since timestamptz;

-- A connection is live since it went live or was resumed, whatever revision of
-- it is live now.
alter table connections add column live_since timestamptz;
update connections c set live_since = greatest(
    (select min(live_at) from revisions r where r.connection_id = c.id),
    (select max(a.at) from audit a where a.action = 'connection.status' and a.object = c.slug and a.after ->> 'status' = 'live'))
where c.status = 'live';

-- A setup link may be for one task only: to bring AWS's new certificate to a
-- connection that is live.
alter table setup_links add column task text not null default 'setup' check (task in ('setup', 'certificate'));

-- Certificates that somebody without an account brought. An administrator trusts
-- them or refuses them; until then they count for nothing.
create table certificate_proposals (
    id            bigint generated always as identity primary key,
    connection_id bigint not null references connections (id) on delete cascade,
    setup_link_id bigint references setup_links (id) on delete set null,
    proposer      text not null,
    fingerprint   text not null,
    certificate   bytea not null,
    created_at    timestamptz not null,
    decided_at    timestamptz,
    decided_by    text not null default '',
    trusted       boolean
);
create unique index certificate_proposals_open on certificate_proposals (connection_id, fingerprint) where decided_at is null;
create index certificate_proposals_link on certificate_proposals (setup_link_id);
create index certificate_proposals_decided on certificate_proposals (decided_at);
update schema set version = greatest(version, 33);

-- +goose Down
drop table certificate_proposals;
delete from setup_links where task <> 'setup';
alter table setup_links drop column task;
alter table connections drop column live_since;
alter table metadata_checks drop column shown, drop column shown_since;
drop table certificate_days;
