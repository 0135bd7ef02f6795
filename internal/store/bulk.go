package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
)

const bulkColumns = `b.id, b.at, b.actor, b.kind, coalesce(b.group_id, 0), coalesce(g.name, ''), b.items, b.audit_id, b.undone_at, b.undone_by
	from bulk_changes b left join groups g on g.id = b.group_id `

type bulkRow struct {
	model.BulkChange
	groupID int64
}

func scanBulk(row pgx.CollectableRow) (b bulkRow, err error) {
	var undone *time.Time
	err = row.Scan(&b.ID, &b.At, &b.Actor, &b.Kind, &b.groupID, &b.Group, &b.Items, &b.AuditID, &undone, &b.UndoneBy)
	b.UndoneAt = valueOrZero(undone)
	return b, err
}

// bulkSQL changes the users @users and returns whom it really changed, as the
// fields of a model.BulkItem.
var bulkSQL = map[model.BulkKind]string{ //nolint:gochecknoglobals // a constant
	model.BulkAdd: `with done as (insert into memberships (user_id, group_id, source, origin)
			select u.id, @group, 'manual', @actor from users u where u.id = any(@users::uuid[]) on conflict do nothing returning user_id)
		select u.id::text, u.username, 0, '', now() from done join users u on u.id = done.user_id order by u.username_key`,
	model.BulkRemove: `with done as (delete from memberships where group_id = @group and source = 'manual' and user_id = any(@users::uuid[])
			returning user_id, origin, created_at)
		select u.id::text, u.username, 0, done.origin, done.created_at from done join users u on u.id = done.user_id order by u.username_key`,
	model.BulkActivate: `with done as (update users set active = true, updated_at = now() where not active and id = any(@users::uuid[]) returning *)
		select id::text, username, session_epoch, '', now() from done order by username_key`,
	model.BulkDeactivate: `with done as (update users set active = false, session_epoch = session_epoch + 1, updated_at = now()
			where active and id = any(@users::uuid[]) returning *)
		select id::text, username, session_epoch, '', now() from done order by username_key`,
}

// Bulk changes many users, by id, in one transaction with one audit entry.
// Users who are as they shall be, and ids that nobody has, change nothing; when
// nobody changes, nothing is written and the change has no ID. ErrNotFound when
// the group is gone; group is empty for kinds that are not about one.
func (s *Store) Bulk(ctx context.Context, actor model.Actor, kind model.BulkKind, group string, userIDs []string) (model.BulkChange, error) {
	b := model.BulkChange{Kind: kind, Group: group, Actor: actor.Name}
	err := s.InTx(ctx, func(tx *Store) (err error) {
		args := named{"users": userIDs, "actor": actor.Name, "group": nil}
		if kind.OfGroup() {
			id, err := tx.groupID(ctx, group)
			if err == nil {
				err = tx.guardConsoleGroup(ctx, actor, id)
			}
			if err != nil {
				return err
			}
			args["group"] = id
		}
		b.Items, err = list(ctx, tx.db, pgx.RowToStructByPos[model.BulkItem], bulkSQL[kind], args)
		if err != nil || len(b.Items) == 0 {
			return err
		}
		if kind == model.BulkActivate {
			if err := tx.guardConsoleMembers(ctx, actor, idsOf(b.Items)...); err != nil {
				return err
			}
		}
		if b.AuditID, err = tx.recordBulk(ctx, actor, "bulk."+string(kind), group, b.Items, ""); err != nil {
			return err
		}
		items, err := toJSON(b.Items)
		if err != nil {
			return err
		}
		args["kind"], args["items"], args["audit"] = kind, items, b.AuditID
		return tx.db.QueryRow(ctx, `insert into bulk_changes (actor, kind, group_id, items, audit_id)
			values (@actor, @kind, @group::bigint, @items, @audit) returning id, at`, args).Scan(&b.ID, &b.At)
	})
	return b, err
}

func idsOf(items []model.BulkItem) []string {
	var ids []string
	for _, item := range items {
		ids = append(ids, item.UserID)
	}
	return ids
}

// recordBulk writes one audit entry with the names of all, and returns its id.
func (s *Store) recordBulk(ctx context.Context, actor model.Actor, action, group string, items []model.BulkItem, note string) (id int64, err error) {
	names := make([]string, len(items))
	for i, item := range items {
		names[i] = item.Username
	}
	object := group
	if object == "" {
		object = counted(len(items), "user", "users")
	}
	args, err := auditArgs(actor, action, object, nil, map[string]any{"usernames": names}, note)
	if err != nil {
		return 0, err
	}
	return s.recordOne(ctx, args)
}

// undoSQL reverses a change for those of @users who still are as it left them:
// a membership that was made again since has another time, a user who was
// deactivated again has another epoch. It returns the ids of those reversed.
var undoSQL = map[model.BulkKind]string{ //nolint:gochecknoglobals // a constant
	model.BulkAdd: `delete from memberships where group_id = @group and source = 'manual' and user_id = any(@users::uuid[])
		and created_at = @at returning user_id::text`,
	model.BulkRemove: `insert into memberships (user_id, group_id, source, origin, created_at)
		select u.id, @group, 'manual', i.origin, i.since
		from unnest(@users::uuid[], @origins::text[], @sinces::timestamptz[]) as i (id, origin, since) join users u on u.id = i.id
		on conflict do nothing returning user_id::text`,
	model.BulkActivate: `update users u set active = false, session_epoch = u.session_epoch + 1, updated_at = now()
		from unnest(@users::uuid[], @epochs::int[]) as i (id, epoch)
		where u.id = i.id and u.active and u.session_epoch = i.epoch returning u.id::text`,
	model.BulkDeactivate: `update users u set active = true, updated_at = now()
		from unnest(@users::uuid[], @epochs::int[]) as i (id, epoch)
		where u.id = i.id and not u.active and u.session_epoch = i.epoch returning u.id::text`,
}

// UndoBulk reverses a bulk change. It returns the change and the users for whom
// it could not be reversed, because they changed since or are gone.
// Gone when there is no such change, or it was undone before; ErrConflict when it
// is too old.
func (s *Store) UndoBulk(ctx context.Context, actor model.Actor, id int64, now time.Time) (model.BulkChange, []model.BulkItem, error) {
	var b bulkRow
	var left []model.BulkItem
	err := s.InTx(ctx, func(tx *Store) (err error) {
		b, err = single(ctx, tx.db, scanBulk, "select "+bulkColumns+"where b.id = @id for update of b", named{"id": id})
		if errors.Is(err, ErrNotFound) {
			return &Gone{Part: PartBulk}
		}
		if err != nil {
			return err
		}
		if !b.UndoneAt.IsZero() {
			return &Gone{Part: PartBulk, By: b.UndoneBy, At: b.UndoneAt}
		}
		if !b.CanUndo(now) {
			return ErrConflict
		}
		if err := tx.guardConsoleGroup(ctx, actor, b.groupID); err != nil {
			return err
		}
		reversed, err := list(ctx, tx.db, pgx.RowTo[string], undoSQL[b.Kind], b.undoArgs())
		if err == nil && b.Kind == model.BulkDeactivate {
			err = tx.guardConsoleMembers(ctx, actor, reversed...)
		}
		if err != nil {
			return err
		}
		var done []model.BulkItem
		done, left = partItems(b.Items, reversed)
		note := ""
		if len(left) > 0 {
			note = fmt.Sprintf("changed since, and left as it is: %d", len(left))
		}
		if _, err := tx.recordBulk(ctx, actor, "bulk.undo_"+string(b.Kind), b.Group, done, note); err != nil {
			return err
		}
		_, err = tx.db.Exec(ctx, "update bulk_changes set undone_at = now(), undone_by = @by where id = @id",
			named{"id": id, "by": actor.Name})
		return err
	})
	return b.BulkChange, left, err
}

func (b bulkRow) undoArgs() named {
	var users, origins []string
	var epochs []int
	var since []time.Time
	for _, item := range b.Items {
		users, origins = append(users, item.UserID), append(origins, item.Origin)
		epochs, since = append(epochs, item.Epoch), append(since, item.Since)
	}
	return named{"users": users, "origins": origins, "epochs": epochs, "sinces": since, "group": b.groupID, "at": b.At}
}

// partItems parts the items into those with the ids and the others.
func partItems(items []model.BulkItem, ids []string) (with, without []model.BulkItem) {
	in := make(map[string]bool, len(ids))
	for _, id := range ids {
		in[id] = true
	}
	for _, item := range items {
		if in[item.UserID] {
			with = append(with, item)
		} else {
			without = append(without, item)
		}
	}
	return with, without
}

// GroupBulkChanges are the newest bulk changes of a group that can be undone or
// were, at most limit.
func (s *Store) GroupBulkChanges(ctx context.Context, groupID int64, limit int) ([]model.BulkChange, error) {
	return s.bulkChanges(ctx, "where b.group_id = @group and b.at > now() - interval '30 days' order by b.at desc limit @limit",
		named{"group": groupID, "limit": limit})
}

// BulkChangesOf are the bulk changes that these audit entries tell of, by the
// entry's id.
func (s *Store) BulkChangesOf(ctx context.Context, auditIDs []int64) (map[int64]model.BulkChange, error) {
	changes, err := s.bulkChanges(ctx, "where b.audit_id = any(@ids)", named{"ids": auditIDs})
	byEntry := make(map[int64]model.BulkChange, len(changes))
	for _, b := range changes {
		byEntry[b.AuditID] = b
	}
	return byEntry, err
}

func (s *Store) bulkChanges(ctx context.Context, where string, args named) ([]model.BulkChange, error) {
	rows, err := list(ctx, s.db, scanBulk, "select "+bulkColumns+where, args)
	changes := make([]model.BulkChange, len(rows))
	for i, row := range rows {
		changes[i] = row.BulkChange
	}
	return changes, err
}

// FindPeople finds users by username or email, both as model.Key makes them.
func (s *Store) FindPeople(ctx context.Context, keys []string) ([]model.User, error) {
	return list(ctx, s.db, scanUser, "select "+userColumns+` from users u where u.username_key = any(@keys)
		union select `+userColumns+" from users u where u.email_key = any(@keys) and u.email_key <> ''", named{"keys": keys})
}

// InByHand tells which of the users, by id, are in a group by hand.
func (s *Store) InByHand(ctx context.Context, groupID int64, userIDs []string) (map[string]bool, error) {
	ids, err := list(ctx, s.db, pgx.RowTo[string], `select user_id::text from memberships
		where group_id = @group and source = 'manual' and user_id = any(@users::uuid[])`, named{"group": groupID, "users": userIDs})
	in := make(map[string]bool, len(ids))
	for _, id := range ids {
		in[id] = true
	}
	return in, err
}
