-- +goose Up

-- Runs work out rules, too: a change of memberships that rules of a connection give
-- has the connection as its ref, and the names of the rules.
alter table source_changes drop constraint source_changes_kind_check, add constraint source_changes_kind_check
    check (kind in ('group_made', 'created', 'linked', 'updated', 'renamed', 'deactivated', 'reactivated', 'members', 'by_rule'));
alter table source_changes add column origin text not null default '';

-- Whether rules gave anybody anything is asked at each run and at each push.
create index memberships_rule on memberships (ref, user_id) where source = 'rule';

update schema set version = greatest(version, 55);

-- +goose Down
drop index memberships_rule;
alter table source_changes drop column origin;
delete from source_changes where kind = 'by_rule';
alter table source_changes drop constraint source_changes_kind_check, add constraint source_changes_kind_check
    check (kind in ('group_made', 'created', 'linked', 'updated', 'renamed', 'deactivated', 'reactivated', 'members'));
