-- +goose Up

-- Who is in a group that was pushed is read from scim_members. The array of the mirror
-- is not written for it any more: it would be written anew with each person who comes,
-- and a group may have very many. 0.1.0, which may run beside this version or come
-- after it, reads the array when a run looks at everything that was pushed, and a run
-- begins by taking the source: so the array is right for it then. Programs that need
-- no array say so before. This goes away with the release that does not run beside 0.1.0.
-- +goose StatementBegin
create function pushed_members_for_0_1_0() returns trigger language plpgsql as $$
begin
    update source_groups g set members = pushed.members
    from (select r.id::text as stable_id, array(select m.member_id::text from scim_members m where m.group_id = r.id order by m.member_id) as members
        from scim_resources r where r.source_id = new.id and r.kind = 'Group') pushed
    where g.source_id = new.id and g.stable_id = pushed.stable_id and g.state = 'present' and g.members <> pushed.members;
    return null;
end $$;
-- +goose StatementEnd
create trigger pushed_members_for_0_1_0 after update of worker on sources for each row
    when (new.kind = 'scim' and new.worker <> '' and coalesce(current_setting('postern.members', true), '') <> 'one by one')
    execute function pushed_members_for_0_1_0();

-- The name of somebody who was deleted is looked up with each who is made.
create index scim_resources_gone on scim_resources (source_id, kind, name_key) where deleted_at is not null;

-- What the limits count of the last day is little among all that pushes change.
create index source_changes_counted on source_changes (applied_at) where state = 'applied' and (kind = 'deactivated' or removed <> '{}'
    or user_id is not null and kind <> 'created' and lower(before ->> 'username') <> lower(after ->> 'username'));

update schema set version = greatest(version, 51);

-- +goose Down
drop index source_changes_counted, scim_resources_gone;
update source_groups g set members = array(select m.member_id::text from scim_members m join scim_resources r on r.id = m.group_id
    where r.source_id = g.source_id and r.id::text = g.stable_id order by m.member_id)
from sources s where s.id = g.source_id and s.kind = 'scim' and g.state = 'present';
drop trigger pushed_members_for_0_1_0 on sources;
drop function pushed_members_for_0_1_0();
