-- +goose Up

-- Health is told from what happened. verified says that AWS's signature on the
-- answer was good: anybody can post an answer that has none. Of what was written
-- before, the reason of the refusal tells.
alter table logins add column verified boolean not null default false;
update logins set verified = true where outcome = 'refused' and code in ('issuer_mismatch', 'destination_mismatch', 'recipient_mismatch',
    'audience_mismatch', 'not_yet_valid', 'expired', 'confirmation_invalid', 'in_response_to_unknown', 'in_response_to_other_browser',
    'unsolicited_refused', 'replayed', 'subject_missing', 'attribute_missing', 'username_invalid', 'email_domain_refused', 'username_taken',
    'user_unknown', 'user_deactivated');

-- The newest login of each kind, and how many there were lately.
create index logins_evidence on logins (connection, outcome, code, verified, finished_at desc) where not test;

-- When an app last synchronized by whatever way, and how long it usually waits.
-- A full synchronization has read users and groups before memberships.
alter table crowd_activity
    add column synced_at timestamptz,
    add column usual_wait double precision not null default 0, -- seconds; 0: not known yet
    add column users_at timestamptz,
    add column groups_at timestamptz,
    add column memberships_at timestamptz;
update crowd_activity set synced_at = greatest(full_ended_at, incremental_at), memberships_at = full_ended_at,
    users_at = case when full_users > 0 then full_began_at end, groups_at = case when full_groups > 0 then full_began_at end;
-- What read nothing but memberships was no full synchronization.
update crowd_activity set full_ended_at = null, full_began_at = null, full_memberships = 0 where full_users = 0 and full_groups = 0;

update schema set version = greatest(version, 34);

-- +goose Down
alter table crowd_activity drop column synced_at, drop column usual_wait, drop column users_at, drop column groups_at, drop column memberships_at;
drop index logins_evidence;
alter table logins drop column verified;
