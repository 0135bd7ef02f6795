package store

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
)

// members carries out changes of memberships: all of them in two statements.
func (p *sourcePart) members(ctx context.Context) error {
	groups, err := p.tx.groupIDs(ctx, p.groupsOfChanges())
	if err != nil {
		return err
	}
	names, err := p.groupNames(ctx)
	if err != nil {
		return err
	}
	if err := p.byRule(ctx, groups); err != nil {
		return err
	}
	var in, out memberRows
	for i := range p.changes {
		c := &p.changes[i]
		if c.Kind != model.SourceMembers || p.obstructed(c, groups) {
			continue
		}
		g := groups[model.Key(c.Group)]
		for _, id := range c.Added {
			in.add(id, g.ID, c.Ref, names[c.StableID])
		}
		for _, id := range c.Removed {
			out.add(id, g.ID, c.Ref, "")
		}
	}
	if len(out.who) > 0 {
		_, err := p.tx.db.Exec(ctx, `delete from memberships m using unnest(@who::uuid[], @groups::bigint[], @refs::text[]) as i (user_id, group_id, ref)
			where m.user_id = i.user_id and m.group_id = i.group_id and m.source = 'source' and m.ref = i.ref`, out.args())
		if err != nil {
			return translate(err)
		}
	}
	if len(in.who) == 0 {
		return nil
	}
	args := in.args()
	args["source"] = p.src.ID
	_, err = p.tx.db.Exec(ctx, `insert into memberships (user_id, group_id, source, ref, origin)
		select s.user_id, i.group_id, 'source', i.ref, i.origin
		from unnest(@who::text[], @groups::bigint[], @refs::text[], @origins::text[]) as i (stable_id, group_id, ref, origin)
		join source_users s on s.source_id = @source and s.stable_id = i.stable_id and s.user_id is not null
		on conflict do nothing`, args)
	return translate(err)
}

// obstructed tells whether a change of memberships has nothing to do, and notes why it
// is not done after all. A group that is not here any more took its memberships along.
func (p *sourcePart) obstructed(c *RunChange, groups map[string]model.Group) bool {
	g, there := groups[model.Key(c.Group)]
	switch {
	case !there && len(c.Added) > 0:
		c.skip("The group is not here any more.")
	case there && g.ByHandOnly && len(c.Added) > 0:
		c.skip("People come into the group by hand only, by now.")
	case there:
		return false
	}
	return true
}

// groupsOfChanges are our names of the groups that the changes are about.
func (p *sourcePart) groupsOfChanges() []string {
	names := make([]string, len(p.changes))
	for i, c := range p.changes {
		names[i] = c.Group
	}
	return names
}

// groupNames are what the source calls the groups of the changes, by stable id.
func (p *sourcePart) groupNames(ctx context.Context) (map[string]string, error) {
	ids := make([]string, len(p.changes))
	for i, c := range p.changes {
		ids[i] = c.StableID
	}
	rows, err := list(ctx, p.tx.db, scanMirrorName, "select stable_id, name from source_groups where source_id = @source and stable_id = any(@ids)",
		named{"source": p.src.ID, "ids": ids})
	names := make(map[string]string, len(rows))
	for _, r := range rows {
		names[r.id] = clean(r.name, maxText)
	}
	return names, err
}

// memberRows are memberships, column by column.
type memberRows struct {
	who, refs, origins []string
	groups             []int64
}

func (m *memberRows) add(who string, group int64, ref, origin string) {
	m.who, m.groups, m.refs, m.origins = append(m.who, who), append(m.groups, group), append(m.refs, ref), append(m.origins, origin)
}

func (m *memberRows) args() named {
	return named{"who": m.who, "groups": m.groups, "refs": m.refs, "origins": m.origins}
}

// makeGroups makes the local groups that the changes want, in one statement.
func (p *sourcePart) makeGroups(ctx context.Context) error {
	var names, keys, searches []string
	wanted := map[string]*RunChange{}
	description := clean(fmt.Sprintf("From the source %s", p.src.Name), 4*model.MaxDescription)
	for i := range p.changes {
		if c := &p.changes[i]; c.Kind == model.SourceGroupMade {
			args := groupArgs(model.Group{Name: c.Group, Description: description})
			wanted[model.Key(c.Group)] = c
			names, keys, searches = append(names, model.Canonical(c.Group)), append(keys, model.Key(c.Group)), append(searches, fmt.Sprint(args["search"]))
		}
	}
	if len(names) == 0 {
		return nil
	}
	made, err := list(ctx, p.tx.db, pgx.RowTo[string], `insert into groups (name, name_key, description, search_key)
		select name, key, @description, search from unnest(@names::text[], @keys::text[], @searches::text[]) as i (name, key, search)
		on conflict do nothing returning name_key`, named{"description": description, "names": names, "keys": keys, "searches": searches})
	if err != nil {
		return err
	}
	there := make(map[string]bool, len(made))
	for _, key := range made {
		there[key] = true
	}
	for _, key := range keys {
		c := wanted[key]
		if !there[key] {
			c.skip("A group of this name is here by now.")
		} else if err := p.note("group.create", c.Group, nil, auditedGroup(model.Group{Name: c.Group, Description: description})); err != nil {
			return err
		}
	}
	return nil
}
