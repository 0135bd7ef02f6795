package store

import (
	"context"
	"encoding/json"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
)

// undoneRow is what an import did to one user, and what becomes of it.
type undoneRow struct {
	nr   int
	did  importedUser
	kept bool // something changed since, and stays
}

// UndoImportNext takes back the next rows of an import; for StepJob. Users whom it
// made and who are as it left them are removed; fields and memberships that have
// changed since stay, as does everything of a new user who has signed in.
func (s *Store) UndoImportNext(ctx context.Context, j model.Job) (model.Job, error) {
	upTo := min(j.Done+importAtOnce, j.Total)
	rows, err := list(ctx, s.db, func(row pgx.CollectableRow) (r *undoneRow, err error) {
		r = &undoneRow{}
		var did []byte
		if err = row.Scan(&r.nr, &did); err == nil {
			err = json.Unmarshal(did, &r.did)
		}
		return r, err
	}, `select nr, did from job_rows where job_id = @job and nr > @done and nr <= @upto and did is not null and undone is distinct from true
		order by nr`, named{"job": j.Undoes, "done": j.Done, "upto": upTo})
	if err != nil {
		return j, err
	}
	undo := importUndo{userImport: newUserImport(s, j.Actor, len(rows)), rows: rows}
	for _, step := range []func(context.Context) error{undo.removeMade, undo.restoreChanged, undo.removeMembers} {
		if err := step(ctx); err != nil {
			return j, err
		}
	}
	if err := s.recordAll(ctx, undo.audit); err != nil {
		return j, err
	}
	outcomes := make([]jobOutcome, len(rows))
	for i, r := range rows {
		undone := !r.kept
		outcomes[i] = jobOutcome{NR: r.nr, Undone: &undone}
		switch {
		case r.kept:
			j.Kept++
			outcomes[i].Problem = "Changed since the import, or has signed in since."
		case r.did.Made:
			j.Made++
		default:
			j.Changed++
		}
	}
	j.Done = upTo
	return j, s.saveOutcomes(ctx, j.Undoes, outcomes)
}

type importUndo struct {
	*userImport
	rows []*undoneRow
}

// removeMade deletes users whom the import made and nobody touched since.
func (u *importUndo) removeMade(ctx context.Context) error {
	var ids []string
	var ats []time.Time
	for _, r := range u.rows {
		if r.did.Made {
			ids, ats = append(ids, r.did.UserID), append(ats, r.did.At)
		}
	}
	gone, err := list(ctx, u.tx.db, scanUser, `delete from users u using unnest(@ids::uuid[], @ats::timestamptz[]) as i (id, at)
		where u.id = i.id and u.updated_at = i.at and u.last_login_at is null
			and not exists (select from identities x where x.user_id = u.id)
			and not exists (select from service_passwords x where x.user_id = u.id)
			and not exists (select from administrators x where x.user_id = u.id)
			and not exists (select from memberships x where x.user_id = u.id and (x.source <> 'manual' or x.created_at <> i.at))
		returning `+userColumns, named{"ids": ids, "ats": ats})
	if err != nil {
		return err
	}
	removed := make(map[string]bool, len(gone))
	for _, user := range gone {
		removed[user.ID] = true
		if err := u.note("user.delete", user.Username, auditedUser(user), nil); err != nil {
			return err
		}
	}
	for _, r := range u.rows {
		r.kept = r.did.Made && !removed[r.did.UserID]
	}
	return nil
}

// restoreChanged gives users who existed the fields back that they had.
func (u *importUndo) restoreChanged(ctx context.Context) error {
	changed := map[string]*undoneRow{}
	var ids, activated []string
	for _, r := range u.rows {
		if !r.did.Made && r.did.Before != nil {
			changed[r.did.UserID] = r
			ids = append(ids, r.did.UserID)
			r.kept = true // until it is restored
		}
	}
	stored, err := list(ctx, u.tx.db, scanUser, "select "+userColumns+" from users u where u.id = any(@ids::uuid[]) order by u.username_key for update",
		named{"ids": ids})
	if err != nil {
		return err
	}
	var other []named
	for _, now := range stored {
		r := changed[now.ID]
		if !now.UpdatedAt.Equal(r.did.At) {
			continue
		}
		r.kept = false
		after := now
		after.Email, after.DisplayName = r.did.Before.Email, r.did.Before.DisplayName
		after.FirstName, after.LastName, after.Active = r.did.Before.FirstName, r.did.Before.LastName, r.did.Before.Active
		if after, changes := changedUser(now, after); changes {
			u.before[now.ID] = now
			other = append(other, userArgs(after))
			if after.Active && !now.Active {
				activated = append(activated, now.ID)
			}
		}
	}
	if err := u.tx.guardConsoleMembers(ctx, u.actor, activated...); err != nil {
		return err
	}
	return u.update(ctx, other)
}

// removeMembers takes users who existed out of the groups that the import put them
// into, unless somebody put them there anew. Where they are not any more there is
// nothing to take back.
func (u *importUndo) removeMembers(ctx context.Context) error {
	var users []string
	var groups []int64
	var ats []time.Time
	for _, r := range u.rows {
		if r.did.Made {
			continue
		}
		for _, g := range r.did.Groups {
			users, groups, ats = append(users, r.did.UserID), append(groups, g), append(ats, r.did.At)
		}
	}
	if err := u.tx.guardConsoleGroup(ctx, u.actor, groups...); err != nil {
		return err
	}
	type removed struct {
		User  model.User
		Group model.Group
	}
	gone, err := list(ctx, u.tx.db, func(row pgx.CollectableRow) (r removed, err error) {
		return r, row.Scan(&r.User.ID, &r.User.Username, &r.Group.ID, &r.Group.Name)
	}, `with gone as (delete from memberships m using unnest(@users::uuid[], @groups::bigint[], @ats::timestamptz[]) as i (user_id, group_id, at)
			where m.user_id = i.user_id and m.group_id = i.group_id and m.source = 'manual' and m.created_at = i.at returning m.user_id, m.group_id)
		select u.id::text, u.username, g.id, g.name from gone join users u on u.id = gone.user_id join groups g on g.id = gone.group_id order by u.username_key`,
		named{"users": users, "groups": groups, "ats": ats})
	if err != nil {
		return err
	}
	for _, r := range gone {
		if err := u.note("membership.remove", r.Group.Name+": "+r.User.Username, auditedMembership(r.Group, r.User), nil); err != nil {
			return err
		}
	}
	return nil
}
