package store

import (
	"context"
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
)

// SCIMLinkKept is for how long a deleted resource keeps its id.
const SCIMLinkKept = 30 * 24 * time.Hour

const scimColumns = `r.id::text, r.kind, r.external_id, r.name, r.document, r.revision, r.created_at, r.modified_at, r.deleted_at`

func scanSCIM(row pgx.CollectableRow) (r model.SCIMResource, err error) {
	var deleted *time.Time
	err = row.Scan(&r.ID, &r.Kind, &r.ExternalID, &r.Name, &r.Document, &r.Revision, &r.CreatedAt, &r.ModifiedAt, &deleted)
	r.DeletedAt = valueOrZero(deleted)
	return r, err
}

// LockSCIM lets one request after the other change what a source pushed: the next one
// waits until this transaction ends.
func (s *Store) LockSCIM(ctx context.Context, source int64) error {
	_, err := s.db.Exec(ctx, "select pg_advisory_xact_lock(hashtextextended('scim', $1))", source)
	return err
}

// SCIMResource finds a resource of a source by its id; ErrNotFound when the source has
// none, or has deleted it.
func (s *Store) SCIMResource(ctx context.Context, source int64, kind model.SCIMKind, id string, refs bool) (model.SCIMResource, error) {
	if !isUUID(id) {
		return model.SCIMResource{}, ErrNotFound
	}
	r, err := single(ctx, s.db, scanSCIM, "select "+scimColumns+` from scim_resources r
		where r.id = @id::uuid and r.source_id = @source and r.kind = @kind and r.deleted_at is null`, named{"id": id, "source": source, "kind": kind})
	if err != nil || !refs {
		return r, err
	}
	all := []model.SCIMResource{r}
	err = s.scimRefs(ctx, kind, all)
	return all[0], err
}

// SCIMByExternalID finds a resource by the provider's id, a deleted one too.
func (s *Store) SCIMByExternalID(ctx context.Context, source int64, kind model.SCIMKind, id string) (model.SCIMResource, error) {
	return single(ctx, s.db, scanSCIM, "select "+scimColumns+` from scim_resources r
		where r.source_id = @source and r.kind = @kind and r.external_id = @id and r.external_id <> ''`, named{"source": source, "kind": kind, "id": id})
}

// SCIMByName finds a resource by its userName or displayName, whatever its case: the
// one that is there, else the one that was deleted last.
func (s *Store) SCIMByName(ctx context.Context, source int64, kind model.SCIMKind, name string) (model.SCIMResource, error) {
	const called = ` from scim_resources where source_id = @source and kind = @kind and name_key = @key and deleted_at is `
	return single(ctx, s.db, scanSCIM, "select "+scimColumns+" from (select *"+called+"null union all select *"+called+
		"not null) r order by r.deleted_at desc nulls first limit 1",
		named{"source": source, "kind": kind, "key": scimNameKey(name)})
}

func scimNameKey(name string) string { return clean(model.Key(name), maxText) }

// SCIMResources lists resources that are there, and counts all that fit.
func (s *Store) SCIMResources(ctx context.Context, source int64, q model.SCIMQuery) ([]model.SCIMResource, int, error) {
	f := new(filter)
	f.with("r.source_id = @source", "source", source)
	f.with("r.kind = @kind and r.deleted_at is null", "kind", q.Kind)
	for i, c := range q.Where {
		scimCondition(f, q.Kind, c, strconv.Itoa(i))
	}
	f.set("offset", max(q.Start, 1)-1)
	f.set("limit", q.Count)
	total := 0
	if err := s.db.QueryRow(ctx, "select count(*) from scim_resources r"+f.String(), f.args).Scan(&total); err != nil || total == 0 || q.Count == 0 {
		return nil, total, err
	}
	all, err := filtered(ctx, s.db, scanSCIM, "select "+scimColumns+" from scim_resources r"+f.String()+"order by r.id offset @offset limit @limit", f.args)
	if err == nil && q.Refs {
		err = s.scimRefs(ctx, q.Kind, all)
	}
	return all, total, err
}

// scimCondition adds one condition of a filter. The common ones go by their own columns.
func scimCondition(f *filter, kind model.SCIMKind, c model.SCIMCondition, nr string) {
	path := strings.Join(c.Path, "\n")
	value, isText := "", false
	if len(c.Tests) == 1 {
		value, isText = c.Tests[0].Value.(string)
	}
	owner, ref := "member_id", "group_id" // of a person's groups
	if kind == model.SCIMGroup {
		owner, ref = ref, owner
	}
	arg := "c" + nr
	switch {
	case isText && (path == "id" || path == "members" || path == "groups") && !isUUID(value):
		f.where("false") // no id of ours looks so
	case isText && path == "id":
		f.with("r.id = @"+arg+"::uuid", arg, value)
	case isText && path == "externalid":
		f.with("r.external_id <> '' and r.external_id = @"+arg, arg, value) // as the index has it
	case isText && (path == "username" && kind == model.SCIMUser || path == "displayname" && kind == model.SCIMGroup):
		f.with("r.name_key = @"+arg, arg, scimNameKey(value))
	case path == "id":
		f.with("@"+arg+"::text <> ''", arg, "each has one")
	case (path == "members" || path == "groups") && isText && c.Tests[0].Key == "value":
		f.with("exists (select from scim_members m join scim_resources o on o.id = m."+ref+" where m."+owner+" = r.id and o.deleted_at is null and o.id = @"+
			arg+"::uuid)", arg, value)
	case path == "members" || path == "groups":
		f.with("exists (select from scim_members m join scim_resources o on o.id = m."+ref+" where m."+owner+" = r.id and o.deleted_at is null and @"+
			arg+"::text <> '')", arg, "any")
	default:
		f.with("r.folded @? @"+arg+"::jsonpath", arg, scimJSONPath(c))
	}
}

// scimJSONPath is a condition as PostgreSQL asks documents.
func scimJSONPath(c model.SCIMCondition) string {
	var b strings.Builder
	b.WriteString("$")
	for _, key := range c.Path {
		b.WriteString("." + jsonText(key))
	}
	tests := make([]string, 0, len(c.Tests))
	for _, t := range c.Tests {
		at := "@"
		if t.Key != "" {
			at += "." + jsonText(t.Key)
		}
		switch v := t.Value.(type) {
		case string:
			tests = append(tests, at+" == "+jsonText(v))
		case bool:
			tests = append(tests, at+" == "+strconv.FormatBool(v))
		default:
			tests = append(tests, "exists("+at+")")
		}
	}
	b.WriteString(" ? (" + strings.Join(tests, " && ") + ")")
	return b.String()
}

func jsonText(s string) string {
	data, err := json.Marshal(replaceUnstorable(s))
	if err != nil {
		panic(err) // of a text: cannot happen
	}
	return string(data)
}

// SCIMRefs are the members of a group, or the groups of a person.
func (s *Store) SCIMRefs(ctx context.Context, r model.SCIMResource) ([]model.SCIMRef, error) {
	one := []model.SCIMResource{r}
	one[0].Refs = nil
	err := s.scimRefs(ctx, r.Kind, one)
	return one[0].Refs, err
}

// scimRefs fills in the members of groups, or the groups of people.
func (s *Store) scimRefs(ctx context.Context, kind model.SCIMKind, of []model.SCIMResource) error {
	owner, ref := "member_id", "group_id"
	if kind == model.SCIMGroup {
		owner, ref = ref, owner
	}
	ids := make([]string, len(of))
	at := make(map[string]int, len(of))
	for i, r := range of {
		ids[i], at[r.ID] = r.ID, i
	}
	rows, err := s.db.Query(ctx, "select m."+owner+"::text, r.id::text, coalesce(nullif(r.document->>'displayName', ''), r.name)"+
		" from scim_members m join scim_resources r on r.id = m."+ref+
		" where m."+owner+" = any(@ids::uuid[]) and r.deleted_at is null order by m."+owner+", r.id", named{"ids": ids})
	if err != nil {
		return err
	}
	var id string
	var to model.SCIMRef
	_, err = pgx.ForEachRow(rows, []any{&id, &to.ID, &to.Name}, func() error {
		of[at[id]].Refs = append(of[at[id]].Refs, to)
		return nil
	})
	return err
}

// SCIMMemberIDs are the ids of everybody in a group, those who were deleted too.
func (s *Store) SCIMMemberIDs(ctx context.Context, group string) ([]string, error) {
	return list(ctx, s.db, pgx.RowTo[string], "select member_id::text from scim_members where group_id = @id::uuid order by 1", named{"id": group})
}

// PutSCIMResource keeps a resource: a new one without an id, or the next revision of
// one. ErrExists when its name or its external id is another's.
func (s *Store) PutSCIMResource(ctx context.Context, source int64, r model.SCIMResource) (model.SCIMResource, error) {
	args := named{"id": r.ID, "source": source, "kind": r.Kind, "external": r.ExternalID, "name": r.Name, "key": scimNameKey(r.Name),
		"document": replaceEscapedNUL(string(r.Document)), "folded": replaceEscapedNUL(string(r.Folded)), "at": r.ModifiedAt, "deleted": nullTime(r.DeletedAt)}
	if r.ID == "" {
		return single(ctx, s.db, scanSCIM, `insert into scim_resources as r (source_id, kind, external_id, name, name_key, document, folded, created_at, modified_at)
			values (@source, @kind, @external, @name, @key, @document::jsonb, @folded::jsonb, @at, @at) returning `+scimColumns, args)
	}
	return single(ctx, s.db, scanSCIM, `update scim_resources r set external_id = @external, name = @name, name_key = @key, document = @document::jsonb,
		folded = @folded::jsonb, revision = revision + 1, modified_at = @at, deleted_at = @deleted
		where id = @id::uuid and source_id = @source and kind = @kind returning `+scimColumns, args)
}

// ChangeSCIMMembers changes who is in a group. It returns who came and who went, and
// the ids that are nobody's of the source, which are passed over.
func (s *Store) ChangeSCIMMembers(ctx context.Context, source int64, group string, m model.SCIMMembers) (done model.SCIMMembers, unknown []string, err error) {
	add, unknown, err := s.knownSCIMPeople(ctx, source, m.Add)
	if err != nil {
		return done, nil, err
	}
	args := named{"group": group, "add": add}
	gone := "member_id <> all(@add::uuid[])"
	if !m.Replace {
		var none []string
		gone = "member_id = any(@remove::uuid[])"
		if args["remove"], none = splitUUIDs(m.Remove); len(none) > 0 {
			unknown = append(unknown, none...)
		}
	}
	done.Remove, err = list(ctx, s.db, pgx.RowTo[string], "delete from scim_members where group_id = @group::uuid and "+gone+" returning member_id::text", args)
	if err != nil {
		return done, nil, err
	}
	done.Add, err = list(ctx, s.db, pgx.RowTo[string], `insert into scim_members (group_id, member_id) select @group::uuid, unnest(@add::uuid[])
		on conflict do nothing returning member_id::text`, args)
	return done, unknown, err
}

// knownSCIMPeople divides ids into those of people of the source and others.
func (s *Store) knownSCIMPeople(ctx context.Context, source int64, ids []string) (known, unknown []string, err error) {
	if len(ids) == 0 {
		return []string{}, nil, nil
	}
	ids, unknown = splitUUIDs(ids)
	known, err = list(ctx, s.db, pgx.RowTo[string], `select id::text from scim_resources
		where source_id = @source and kind = 'User' and deleted_at is null and id = any(@ids::uuid[])`, named{"source": source, "ids": ids})
	if err != nil {
		return nil, nil, err
	}
	there := make(map[string]bool, len(known))
	for _, id := range known {
		there[id] = true
	}
	for _, id := range ids {
		if !there[id] {
			unknown = append(unknown, id)
		}
	}
	return known, unknown, nil
}

var uuidForm = regexp.MustCompile(`^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$`)

func isUUID(s string) bool { return uuidForm.MatchString(s) }

// splitUUIDs divides ids into those that have the form of ours, in lower case, and others.
func splitUUIDs(ids []string) (ours, others []string) {
	ours = []string{}
	for _, id := range ids {
		if isUUID(id) {
			ours = append(ours, strings.ToLower(id))
		} else {
			others = append(others, id)
		}
	}
	return ours, others
}
