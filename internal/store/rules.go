package store

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
)

const ruleColumns = `r.id, r.name, c.slug, r.kind, r.attribute, r.value,
	array(select g.name from rule_groups rg join groups g on g.id = rg.group_id where rg.rule_id = r.id order by g.name_key),
	array(select g.name from rule_groups rg join groups g on g.id = rg.group_id where rg.rule_id = r.id and g.by_hand_only order by g.name_key),
	r.created_at, r.updated_at, case when r.kind = 'aws_group' then coalesce((select k.name from ` + knownAWSGroups + ` k
		where k.connection_id = r.connection_id and k.id = r.value order by k.preference, k.name limit 1), '') else '' end`

const selectRules = "select " + ruleColumns + " from rules r join connections c on c.id = r.connection_id "

func scanRule(row pgx.CollectableRow) (r model.Rule, err error) {
	err = row.Scan(&r.ID, &r.Name, &r.Connection, &r.Kind, &r.Attribute, &r.Value, &r.Groups, &r.ByHandOnly, &r.CreatedAt, &r.UpdatedAt, &r.AWSName)
	return r, err
}

func auditedRule(r model.Rule) any {
	return map[string]any{"name": r.Name, "connection": r.Connection, "kind": r.Kind, "attribute": r.Attribute,
		"value": r.Value, "groups": r.Groups}
}

func (s *Store) rules(ctx context.Context, where string, args named) ([]model.Rule, error) {
	return list(ctx, s.db, scanRule, selectRules+where, args)
}

// Rules lists every rule by name.
func (s *Store) Rules(ctx context.Context) ([]model.Rule, error) {
	return s.rules(ctx, "order by r.name_key", nil)
}

// Rule finds a rule by name, whatever its case.
func (s *Store) Rule(ctx context.Context, name string) (model.Rule, error) {
	return s.rule(ctx, name, "")
}

func (s *Store) rule(ctx context.Context, name, lock string) (model.Rule, error) {
	return single(ctx, s.db, scanRule, selectRules+"where r.name_key = @key "+lock, named{"key": model.Key(name)})
}

// CreateRule makes a rule. ErrExists when the name is taken, ErrNotFound when
// the connection or a group is unknown.
func (s *Store) CreateRule(ctx context.Context, actor model.Actor, r model.Rule) (model.Rule, error) {
	err := s.InTx(ctx, func(tx *Store) error {
		var id int64
		err := tx.db.QueryRow(ctx, `
			insert into rules (name, name_key, connection_id, kind, attribute, value)
			select @name, @key, id, @kind, @attribute, @value from connections where slug = @connection returning id`,
			ruleArgs(r)).Scan(&id)
		if err != nil {
			return translate(err)
		}
		r.ID = id
		if err := tx.writeRuleGroups(ctx, r); err != nil {
			return err
		}
		if r, err = tx.Rule(ctx, r.Name); err != nil {
			return err
		}
		return tx.record(ctx, actor, "rule.create", r.Name, nil, auditedRule(r), "")
	})
	return r, err
}

func ruleArgs(r model.Rule) named {
	return named{"id": r.ID, "name": model.Canonical(r.Name), "key": model.Key(r.Name), "connection": r.Connection,
		"kind": r.Kind, "attribute": clean(r.Attribute, maxText), "value": clean(r.Value, maxText)}
}

func (s *Store) writeRuleGroups(ctx context.Context, r model.Rule) error {
	if _, err := s.db.Exec(ctx, "delete from rule_groups where rule_id = $1", r.ID); err != nil {
		return err
	}
	for _, name := range r.Groups {
		tag, err := s.db.Exec(ctx, "insert into rule_groups (rule_id, group_id) select @rule, id from groups where name_key = @key on conflict do nothing",
			named{"rule": r.ID, "key": model.Key(name)})
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return fmt.Errorf("group %q: %w", name, ErrNotFound)
		}
	}
	return nil
}

// UpdateRule changes a rule under a lock. What it granted changes at each
// person's next login or run.
func (s *Store) UpdateRule(ctx context.Context, actor model.Actor, name string, change func(*model.Rule) error) (model.Rule, error) {
	var after model.Rule
	err := s.InTx(ctx, func(tx *Store) error {
		before, err := tx.rule(ctx, name, "for update of r")
		if err != nil {
			return err
		}
		after = before
		after.Groups = slices.Clone(before.Groups)
		if err := change(&after); err != nil {
			return err
		}
		after.ID = before.ID
		if sameRule(before, after) {
			after = before
			return nil
		}
		tag, err := tx.db.Exec(ctx, `
			update rules r set name = @name, name_key = @key, connection_id = c.id, kind = @kind, attribute = @attribute,
				value = @value, updated_at = now()
			from connections c where r.id = @id and c.slug = @connection`, ruleArgs(after))
		if err != nil {
			return translate(err)
		}
		if tag.RowsAffected() == 0 {
			return ErrNotFound
		}
		if err := tx.writeRuleGroups(ctx, after); err != nil {
			return err
		}
		if after, err = tx.Rule(ctx, after.Name); err != nil {
			return err
		}
		return tx.record(ctx, actor, "rule.update", after.Name, auditedRule(before), auditedRule(after), "")
	})
	return after, err
}

// sameRule tells whether two rules say the same; the order of groups says
// nothing.
func sameRule(a, b model.Rule) bool {
	return model.Canonical(a.Name) == model.Canonical(b.Name) && a.Connection == b.Connection && a.Kind == b.Kind &&
		a.Attribute == b.Attribute && a.Value == b.Value && slices.Equal(sortedKeys(a.Groups), sortedKeys(b.Groups))
}

func sortedKeys(names []string) []string {
	keys := make([]string, len(names))
	for i, name := range names {
		keys[i] = model.Key(name)
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// DeleteRule removes a rule. What it granted goes at each person's next login or run.
func (s *Store) DeleteRule(ctx context.Context, actor model.Actor, name string) error {
	return s.InTx(ctx, func(tx *Store) error {
		r, err := tx.rule(ctx, name, "for update of r")
		if err != nil {
			return err
		}
		if _, err := tx.db.Exec(ctx, "delete from rules where id = $1", r.ID); err != nil {
			return err
		}
		return tx.record(ctx, actor, "rule.delete", r.Name, auditedRule(r), nil, "")
	})
}
