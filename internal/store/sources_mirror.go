package store

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
)

// mirrorAtOnce is how many rows one statement writes.
const mirrorAtOnce = 5000

// mirrored is what is known of a row of the mirror before it is written.
type mirrored struct {
	digest string
	there  bool
	missed int
}

// writeMirror makes the mirror say what the run read; rows that say it already are
// not written. Of a partial reading only what it has, and those who are gone, are touched.
func (s *Store) writeMirror(ctx context.Context, src model.Source, run int64, r model.Reading, partial bool, gone []string) error {
	if err := s.mirrorPeople(ctx, src, run, r.People, partial, gone); err != nil {
		return fmt.Errorf("mirror of people: %w", err)
	}
	if !r.GroupsRead && !partial {
		return nil // nothing is known about groups
	}
	if err := s.mirrorGroups(ctx, src, run, r.Groups, partial); err != nil {
		return fmt.Errorf("mirror of groups: %w", err)
	}
	return nil
}

// mirrorOf reads what the mirror has, in whole or of some ids.
func (s *Store) mirrorOf(ctx context.Context, table, missed string, source int64, only []string) (map[string]mirrored, error) {
	known := map[string]mirrored{}
	sql := "select stable_id, digest, state = 'present', " + missed + " from " + table + " where source_id = @source"
	if only != nil {
		sql += " and stable_id = any(@only)"
	}
	rows, err := s.db.Query(ctx, sql, named{"source": source, "only": only})
	if err != nil {
		return nil, translate(err)
	}
	var id string
	var m mirrored
	_, err = pgx.ForEachRow(rows, []any{&id, &m.digest, &m.there, &m.missed}, func() error {
		known[id] = m
		return nil
	})
	return known, translate(err)
}

func (s *Store) mirrorPeople(ctx context.Context, src model.Source, run int64, people []model.SourcePerson, partial bool, gone []string) error {
	var only []string
	if partial {
		only = append([]string{}, gone...)
		for _, p := range people {
			only = append(only, p.StableID)
		}
	}
	known, err := s.mirrorOf(ctx, "source_users", "missed", src.ID, only)
	if err != nil {
		return err
	}
	var fresh, changed []mirrorPerson
	for _, p := range people {
		was, there := known[p.StableID]
		delete(known, p.StableID)
		digest := p.Digest()
		switch {
		case !there:
			fresh = append(fresh, mirrorPersonOf(p, digest))
		case was.digest != digest || !was.there:
			changed = append(changed, mirrorPersonOf(p, digest))
		}
	}
	var absent []string
	for id, was := range known {
		if was.there || was.missed <= src.AbsenceGrace { // later it makes no difference
			absent = append(absent, id)
		}
	}
	slices.Sort(absent)
	if err := s.insertMirrorPeople(ctx, src.ID, run, fresh); err != nil {
		return err
	}
	if err := s.updateMirrorPeople(ctx, src.ID, run, changed); err != nil {
		return err
	}
	_, err = s.db.Exec(ctx, `update source_users set state = 'absent', missed = missed + 1, absent_run = coalesce(absent_run, @run),
		absent_at = coalesce(absent_at, now()) where source_id = @source and stable_id = any(@ids)`, named{"source": src.ID, "run": run, "ids": absent})
	return translate(err)
}

// mirrorPerson is a row of the mirror, by the names of its columns.
type mirrorPerson struct {
	StableID    string              `json:"stable_id"`
	Digest      string              `json:"digest"`
	Says        model.PersonFields  `json:"says"`
	Username    string              `json:"username"`
	UsernameKey string              `json:"username_key"`
	Email       string              `json:"email"`
	EmailKey    string              `json:"email_key"`
	FirstName   string              `json:"first_name"`
	LastName    string              `json:"last_name"`
	DisplayName string              `json:"display_name"`
	Enabled     bool                `json:"enabled"`
	Why         string              `json:"why"`
	Place       string              `json:"place"`
	Assigned    bool                `json:"assigned"`
	Attributes  map[string][]string `json:"attributes"`
	ForeignIDs  []string            `json:"foreign_ids"`
}

// maxMirrored limits what the mirror keeps of one text, in bytes.
const maxMirrored = 4 * maxText

func mirrorPersonOf(p model.SourcePerson, digest string) mirrorPerson {
	return mirrorPerson{StableID: p.StableID, Digest: digest, Says: p.Says, Username: clean(p.Username, maxMirrored),
		UsernameKey: clean(model.Key(p.Username), maxText), Email: clean(p.Email, maxMirrored), EmailKey: clean(model.Key(p.Email), maxText),
		FirstName: clean(p.FirstName, maxMirrored), LastName: clean(p.LastName, maxMirrored), DisplayName: clean(p.DisplayName, maxMirrored),
		Enabled: p.Enabled, Why: clean(p.Why, maxMirrored), Place: clean(p.Place, maxMirrored), Assigned: p.Assigned, Attributes: p.Attributes,
		ForeignIDs: storableAll(p.ForeignIDs)}
}

// storableAll are texts that PostgreSQL takes; never nil.
func storableAll(texts []string) []string {
	fit := make([]string, len(texts))
	for i, t := range texts {
		fit[i] = replaceUnstorable(t)
	}
	return fit
}

func (s *Store) insertMirrorPeople(ctx context.Context, source, run int64, people []mirrorPerson) error {
	columns := []string{"source_id", "stable_id", "digest", "says", "username", "username_key", "email", "email_key", "first_name", "last_name", "display_name",
		"enabled", "why", "place", "assigned", "attributes", "foreign_ids", "first_run", "changed_run"}
	return s.copyIn(ctx, "source_users", columns, len(people), func(i int) ([]any, error) {
		p := &people[i]
		attributes, err := toJSON(p.Attributes)
		return []any{source, p.StableID, p.Digest, int16(p.Says), p.Username, p.UsernameKey, p.Email, p.EmailKey, p.FirstName, p.LastName, p.DisplayName,
			p.Enabled, p.Why, p.Place, p.Assigned, attributes, p.ForeignIDs, run, run}, err
	})
}

// copyIn appends many rows to a table.
func (s *Store) copyIn(ctx context.Context, table string, columns []string, n int, row func(int) ([]any, error)) error {
	if n == 0 {
		return nil
	}
	to, ok := s.db.(interface {
		CopyFrom(ctx context.Context, table pgx.Identifier, columns []string, rows pgx.CopyFromSource) (int64, error)
	})
	if !ok {
		return fmt.Errorf("cannot copy into %s", table)
	}
	_, err := to.CopyFrom(ctx, pgx.Identifier{table}, columns, pgx.CopyFromSlice(n, row))
	return translate(err)
}

func (s *Store) updateMirrorPeople(ctx context.Context, source, run int64, people []mirrorPerson) error {
	for part := range slices.Chunk(people, mirrorAtOnce) {
		rows, err := toJSON(part)
		if err != nil {
			return err
		}
		_, err = s.db.Exec(ctx, `update source_users m set digest = r.digest, says = r.says, username = r.username, username_key = r.username_key,
			email = r.email, email_key = r.email_key, first_name = r.first_name, last_name = r.last_name, display_name = r.display_name,
			enabled = r.enabled, why = r.why, place = r.place, assigned = r.assigned, attributes = r.attributes, foreign_ids = r.foreign_ids,
			state = 'present', missed = 0, absent_run = null, absent_at = null, changed_run = @run
			from (select * from jsonb_to_recordset(@rows::jsonb) as r (stable_id text, digest text, says smallint, username text, username_key text, email text,
				email_key text, first_name text, last_name text, display_name text, enabled bool, why text, place text, assigned bool, attributes jsonb,
				foreign_ids text[]) limit @n) r -- so that a few are not expected to be many
			where m.source_id = @source and m.stable_id = r.stable_id`, named{"rows": rows, "n": len(part), "source": source, "run": run})
		if err != nil {
			return translate(err)
		}
	}
	return nil
}

// mirrorGroup is a row of the mirror of groups, by the names of its columns.
type mirrorGroup struct {
	StableID    string   `json:"stable_id"`
	Digest      string   `json:"digest"`
	Name        string   `json:"name"`
	Description string   `json:"description"`
	Place       string   `json:"place"`
	Members     []string `json:"members"`
}

func (s *Store) mirrorGroups(ctx context.Context, src model.Source, run int64, groups []model.SourceGroup, partial bool) error {
	var only []string
	if partial {
		only = []string{}
		for _, g := range groups {
			only = append(only, g.StableID)
		}
	}
	known, err := s.mirrorOf(ctx, "source_groups", "0", src.ID, only)
	if err != nil {
		return err
	}
	var fresh, changed []mirrorGroup
	for _, g := range groups {
		was, there := known[g.StableID]
		delete(known, g.StableID)
		row := mirrorGroup{g.StableID, g.Digest(), clean(g.Name, maxMirrored), clean(g.Description, maxMirrored), clean(g.Place, maxMirrored), g.Members}
		switch {
		case !there:
			fresh = append(fresh, row)
		case was.digest != row.Digest || !was.there:
			changed = append(changed, row)
		}
	}
	var absent []string
	for id, was := range known {
		if was.there {
			absent = append(absent, id)
		}
	}
	columns := []string{"source_id", "stable_id", "digest", "name", "description", "place", "members", "first_run", "changed_run"}
	err = s.copyIn(ctx, "source_groups", columns, len(fresh), func(i int) ([]any, error) {
		g := &fresh[i]
		return []any{src.ID, g.StableID, g.Digest, g.Name, g.Description, g.Place, storableAll(g.Members), run, run}, nil
	})
	if err != nil {
		return err
	}
	if err := s.updateMirrorGroups(ctx, src.ID, run, changed); err != nil {
		return err
	}
	_, err = s.db.Exec(ctx, `update source_groups set state = 'absent', members = '{}', digest = '', absent_run = @run
		where source_id = @source and stable_id = any(@ids)`, named{"source": src.ID, "run": run, "ids": absent})
	return translate(err)
}

func (s *Store) updateMirrorGroups(ctx context.Context, source, run int64, groups []mirrorGroup) error {
	for _, g := range groups { // one by one: a group may have very many members
		_, err := s.db.Exec(ctx, `update source_groups set digest = @digest, name = @name, description = @description, place = @place, members = @members,
			state = 'present', absent_run = null, changed_run = @run where source_id = @source and stable_id = @id`,
			named{"digest": g.Digest, "name": g.Name, "description": g.Description, "place": g.Place, "members": storableAll(g.Members), "run": run,
				"source": source, "id": g.StableID})
		if err != nil {
			return translate(err)
		}
	}
	return nil
}

// MirrorReading is what the mirror says of a source that pushes, as if it had been read:
// what was told so far. Who is absent is not in it.
func (s *Store) MirrorReading(ctx context.Context, src model.Source) (r model.Reading, err error) {
	args := named{"source": src.ID}
	r.People, err = list(ctx, s.db, scanMirrorPerson, "select "+mirrorPersonColumns+` from source_users p
		where p.source_id = @source and p.state = 'present' order by p.stable_id`, args)
	if err != nil {
		return r, err
	}
	r.GroupsRead = true
	r.Groups, err = list(ctx, s.db, func(row pgx.CollectableRow) (g model.SourceGroup, err error) {
		return g, row.Scan(&g.StableID, &g.Name, &g.Description, &g.Place)
	}, "select stable_id, name, description, place from source_groups where source_id = @source and state = 'present' order by stable_id", args)
	if err != nil {
		return r, err
	}
	members, err := s.pushedMembers(ctx, src.ID)
	for i, g := range r.Groups {
		r.Groups[i].Members = members[g.StableID]
	}
	return r, err
}

// pushedMembers are the stable ids of who is in which group of a source that pushes, by
// the stable id of the group.
func (s *Store) pushedMembers(ctx context.Context, source int64) (map[string][]string, error) {
	rows, err := s.db.Query(ctx, `select m.group_id::text, array_agg(m.member_id::text order by m.member_id)
		from scim_members m join scim_resources g on g.id = m.group_id where g.source_id = @source group by 1`, named{"source": source})
	if err != nil {
		return nil, translate(err)
	}
	members := map[string][]string{}
	var group string
	var in []string
	_, err = pgx.ForEachRow(rows, []any{&group, &in}, func() error {
		members[group] = in
		in = nil
		return nil
	})
	return members, translate(err)
}

const mirrorPersonColumns = `p.stable_id, p.foreign_ids, p.says, p.username, p.email, p.first_name, p.last_name, p.display_name, p.enabled, p.why, p.place,
	p.assigned, p.attributes`

func scanMirrorPerson(row pgx.CollectableRow) (p model.SourcePerson, err error) {
	var says int16
	err = row.Scan(&p.StableID, &p.ForeignIDs, &says, &p.Username, &p.Email, &p.FirstName, &p.LastName, &p.DisplayName, &p.Enabled, &p.Why, &p.Place,
		&p.Assigned, &p.Attributes)
	p.Says = model.PersonFields(says) //nolint:gosec // the mirror has what was written
	return p, err
}
