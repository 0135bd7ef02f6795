package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
)

const groupColumns = `g.id, g.name, g.description, g.by_hand_only,
	(select least(count(distinct m.user_id), 1001) from
		(select m.user_id from memberships m where m.group_id = g.id limit 4004) m),
	g.created_at, g.updated_at`

func scanGroup(row pgx.CollectableRow) (g model.Group, err error) {
	err = row.Scan(&g.ID, &g.Name, &g.Description, &g.ByHandOnly, &g.Members, &g.CreatedAt, &g.UpdatedAt)
	return g, err
}

// maxText limits texts that only people read, in bytes.
const maxText = 1024

func auditedGroup(g model.Group) any {
	audited := map[string]any{"name": g.Name, "description": g.Description}
	if g.ByHandOnly {
		audited["by_hand_only"] = true
	}
	return audited
}

// GroupQuery chooses groups, in the order of their names.
type GroupQuery struct {
	Search string // in name and description
	Page
}

// Groups lists groups, a page at a time.
func (s *Store) Groups(ctx context.Context, q GroupQuery) ([]model.Group, string, error) {
	f := new(filter)
	f.set("limit", q.limit()+1)
	if key := model.Key(q.Search); key != "" {
		f.searchText("g.search_key", key)
	}
	if at, ok := q.position(1); ok {
		f.with("g.name_key > @after", "after", at[0])
	}
	groups, err := filtered(ctx, s.db, scanGroup, "select "+groupColumns+" from groups g"+f.String()+
		"order by g.name_key limit @limit", f.args)
	if err != nil {
		return nil, "", err
	}
	groups, next := cut(groups, q.limit(), func(g model.Group) []string { return []string{model.Key(g.Name)} })
	return groups, next, nil
}

// Group finds a group by name, whatever its case.
func (s *Store) Group(ctx context.Context, name string) (model.Group, error) {
	return s.group(ctx, name, "")
}

// GroupByID finds a group whatever it is called now.
func (s *Store) GroupByID(ctx context.Context, id int64) (model.Group, error) {
	return single(ctx, s.db, scanGroup, "select "+groupColumns+" from groups g where g.id = @id", named{"id": id})
}

func (s *Store) group(ctx context.Context, name, lock string) (model.Group, error) {
	return single(ctx, s.db, scanGroup, "select "+groupColumns+" from groups g where g.name_key = @key "+lock,
		named{"key": model.Key(name)})
}

// CreateGroup makes a group; ErrExists when the name is taken.
func (s *Store) CreateGroup(ctx context.Context, actor model.Actor, g model.Group) (model.Group, error) {
	err := s.InTx(ctx, func(tx *Store) error {
		_, err := tx.db.Exec(ctx, `insert into groups (name, name_key, description, by_hand_only, search_key)
			values (@name, @key, @description, @by_hand, @search)`, groupArgs(g))
		if err != nil {
			return translate(err)
		}
		if g, err = tx.Group(ctx, g.Name); err != nil {
			return err
		}
		return tx.record(ctx, actor, "group.create", g.Name, nil, auditedGroup(g), "")
	})
	return g, err
}

func groupArgs(g model.Group) named {
	return named{"id": g.ID, "name": model.Canonical(g.Name), "key": model.Key(g.Name), "description": clean(g.Description, 4*model.MaxDescription),
		"by_hand": g.ByHandOnly, "search": searchKey(g.Name, g.Description)}
}

// UpdateGroup changes a group under a lock.
func (s *Store) UpdateGroup(ctx context.Context, actor model.Actor, name string, change func(*model.Group) error) (model.Group, error) {
	var after model.Group
	err := s.InTx(ctx, func(tx *Store) error {
		before, err := tx.group(ctx, name, "for update of g")
		if err != nil {
			return err
		}
		after = before
		if err := change(&after); err != nil {
			return err
		}
		after.ID, after.Name, after.Description = before.ID, model.Canonical(after.Name), clean(after.Description, 4*model.MaxDescription)
		if after.Name == before.Name && after.Description == before.Description && after.ByHandOnly == before.ByHandOnly {
			return nil
		}
		_, err = tx.db.Exec(ctx, `update groups set name = @name, name_key = @key, description = @description, by_hand_only = @by_hand,
			search_key = @search, updated_at = now() where id = @id`, groupArgs(after))
		if err != nil {
			return translate(err)
		}
		if after, err = tx.Group(ctx, after.Name); err != nil {
			return err
		}
		return tx.record(ctx, actor, "group.update", after.Name, auditedGroup(before), auditedGroup(after), "")
	})
	return after, err
}

// DeleteGroup removes a group, its memberships, and it from every rule and every
// app that had chosen it. The audit says so of each app: making the group again
// does not give it back to them.
func (s *Store) DeleteGroup(ctx context.Context, actor model.Actor, name string) error {
	return s.InTx(ctx, func(tx *Store) error {
		g, err := tx.group(ctx, name, "for update of g")
		if err == nil {
			err = tx.guardConsoleGroup(ctx, actor, g.ID)
		}
		if err != nil {
			return err
		}
		apps, err := tx.AppsThatChose(ctx, g.ID)
		if err != nil {
			return err
		}
		if _, err := tx.db.Exec(ctx, "delete from groups where id = $1", g.ID); err != nil {
			return err
		}
		for _, a := range apps {
			if err := tx.recordGroupLost(ctx, actor, a, g.Name); err != nil {
				return err
			}
		}
		before := map[string]any{"name": g.Name, "description": g.Description, "members": g.Members}
		return tx.record(ctx, actor, "group.delete", g.Name, before, nil, "")
	})
}
