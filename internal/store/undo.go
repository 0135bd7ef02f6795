package store

// undoColumn is what undoes the act that an entry a of the audit begins, as long as
// it can be undone: what it is, and its reference, as in model.Undo; @undoable is
// since when things can be undone.
const undoColumn = `coalesce(
	(select 'bulk ' || b.id from bulk_changes b where b.audit_id = a.id and b.undone_at is null and b.at > @undoable limit 1),
	case when a.action = 'user.import' then (select 'job ' || j.id from jobs j where j.audit_id = a.id and j.kind = 'import'
		and j.state in ('done', 'canceled', 'failed') and j.made + j.changed > 0 and j.created_at > @undoable
		and not exists (select from jobs o where o.undoes = j.id and o.state not in ('canceled', 'failed')) limit 1) end,
	case when a.action = 'identity.link' and a.note like 'from login %' and a.at > @undoable then (select 'link ' || l.id
		from logins l join users u on l.username_key <> '' and u.username_key = l.username_key and u.username = a.object
		where l.id = substr(a.note, 12) and ` + linkStands + `) end, '')`
