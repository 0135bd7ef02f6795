package store

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
)

// changesAtOnce is how many changes of people one transaction carries out: a fraction
// of a second's work, so that logins come in between.
const changesAtOnce = 500

// ApplyNext carries out the next changes of a run in one transaction, and ends the run
// with the last of them. Each change is done only if what it is about is as the plan
// saw it; else it is skipped and says why. ErrRunLost when the worker does not have the
// source any more: nothing was done.
func (s *Store) ApplyNext(ctx context.Context, run model.SourceRun, worker string) (after model.SourceRun, err error) {
	err = s.InTxAgain(ctx, func(tx *Store) error {
		tx.db = plannedAnew{tx.db}
		now, err := single(ctx, tx.db, scanRun, "select "+runColumns+" from source_runs r where r.id = @id and r.outcome = 'applying' for update of r",
			named{"id": run.ID})
		if errors.Is(err, ErrNotFound) {
			return ErrRunLost
		}
		if err != nil {
			return err
		}
		tx.act.first = now.AuditID
		if now.Trigger == model.RunByUndo {
			err = tx.undoNext(ctx, now, worker)
		} else {
			err = tx.applyNext(ctx, now, worker)
		}
		if err == nil {
			after, err = tx.SourceRun(ctx, run.Source, run.ID)
		}
		return err
	})
	return after, err
}

func (s *Store) applyNext(ctx context.Context, run model.SourceRun, worker string) error {
	src, err := s.Source(ctx, run.Source)
	if err != nil {
		return err
	}
	upTo, more, err := s.nextPart(ctx, run)
	if err != nil {
		return err
	}
	if upTo > 0 {
		if err := s.applyPart(ctx, src, run, upTo); err != nil {
			return err
		}
		if _, err := s.db.Exec(ctx, "update source_runs set done = @done where id = @id", named{"done": upTo, "id": run.ID}); err != nil {
			return translate(err)
		}
	}
	if more {
		return s.holdSource(ctx, run.Source, worker)
	}
	if err := s.groupIDsOfMirror(ctx, src); err != nil {
		return err
	}
	return s.endApplied(ctx, run, worker)
}

// ofMembers is whether a kind of change is about memberships, in SQL.
func ofMembers(kind string) string { return "(" + kind + " in ('members', 'by_rule'))" }

// nextPart is the number of the last change that is done together with the next ones,
// and whether there are more behind it; zero: none is left. The numbers have no gaps;
// both ends of them are told, since PostgreSQL knows nothing yet of so new a plan and
// would read and sort the whole of it for the first few.
func (s *Store) nextPart(ctx context.Context, run model.SourceRun) (upTo int, more bool, err error) {
	type size struct {
		NR      int
		Members bool
		Size    int
	}
	next, err := list(ctx, s.db, pgx.RowToStructByPos[size], `select nr, `+ofMembers("kind")+`, coalesce(memberships, cardinality(added) + cardinality(removed))
		from source_changes where run_id = @run and nr > @done and nr <= @end order by nr`,
		named{"run": run.ID, "done": run.Done, "end": run.Done + changesAtOnce + 1})
	memberships := 0
	for i, c := range next {
		memberships += c.Size
		if i > 0 && (i == changesAtOnce || c.Members != next[0].Members || memberships > membersAtOnce) {
			return upTo, true, err
		}
		upTo = c.NR
	}
	return upTo, false, err
}

// applyPart carries out the changes up to one, all of them about memberships or none.
func (s *Store) applyPart(ctx context.Context, src model.Source, run model.SourceRun, upTo int) error {
	changes, err := list(ctx, s.db, scanRunChange, "select "+changeColumns+` from source_changes c
		where c.run_id = @run and c.nr > @done and c.nr <= @upto order by c.nr`,
		named{"run": run.ID, "done": run.Done, "upto": upTo})
	if err != nil || len(changes) == 0 {
		return err
	}
	part := &sourcePart{tx: s, src: src, run: run, actor: model.ActorOfSource(src.Slug), changes: changes}
	if changes[0].Kind.OfMembers() {
		err = part.members(ctx)
	} else {
		err = part.people(ctx)
	}
	if err != nil {
		return err
	}
	if err := s.recordAll(ctx, part.audit); err != nil {
		return err
	}
	return part.saveStates(ctx)
}

// sourcePart are some changes of a run that are carried out in one transaction.
type sourcePart struct {
	tx      *Store
	src     model.Source
	run     model.SourceRun
	actor   model.Actor
	changes []RunChange
	audit   []named
}

func (p *sourcePart) note(action, object string, before, after any) error {
	args, err := auditArgs(p.actor, action, object, before, after, "")
	if err == nil && args != nil {
		p.audit = append(p.audit, args)
	}
	return err
}

func (c *RunChange) skip(why string) { c.State, c.Problem = ChangeSkipped, why }

// saveStates keeps what became of the changes, and of whom they were.
func (p *sourcePart) saveStates(ctx context.Context) error {
	type row struct {
		NR      int         `json:"nr"`
		State   ChangeState `json:"state"`
		Problem string      `json:"problem"`
		User    string      `json:"user"`
	}
	rows := make([]row, len(p.changes))
	for i, c := range p.changes {
		if c.State == ChangePlanned {
			c.State = ChangeApplied
		}
		rows[i] = row{c.NR, c.State, c.Problem, c.UserID}
	}
	data, err := toJSON(rows)
	if err != nil {
		return err
	}
	_, err = p.tx.db.Exec(ctx, `update source_changes c set state = r.state, problem = r.problem, user_id = nullif(r.user, '')::uuid,
		applied_at = case when r.state = 'applied' then now() end
		from jsonb_to_recordset(@rows::jsonb) as r (nr int, state text, problem text, "user" text) where c.run_id = @run and c.nr = r.nr`,
		named{"rows": data, "run": p.run.ID})
	return translate(err)
}

// endApplied ends a run that is carried out.
func (s *Store) endApplied(ctx context.Context, run model.SourceRun, worker string) error {
	type ends struct{ Applied, Skipped int }
	n, err := single(ctx, s.db, pgx.RowToStructByPos[ends], `select count(*) filter (where state = 'applied'), count(*) filter (where state = 'skipped')
		from source_changes where run_id = @run`, named{"run": run.ID})
	if err != nil {
		return err
	}
	err = s.record(ctx, model.ActorOfSource(run.Source), "source.run_applied", runObject(run), nil,
		map[string]any{"changes": n.Applied, "skipped": n.Skipped}, "")
	if err != nil {
		return err
	}
	if err := s.endRun(ctx, run.ID, model.RunApplied, run.Reason, run.Detail); err != nil {
		return err
	}
	return s.freeSource(ctx, run, worker, model.RunApplied)
}

// groupIDsOfMirror says of each group of the mirror which local group it is now.
func (s *Store) groupIDsOfMirror(ctx context.Context, src model.Source) error {
	type row struct {
		StableID string
		Name     string
		GroupID  *int64
	}
	mirror, err := list(ctx, s.db, pgx.RowToStructByPos[row], "select stable_id, name, group_id from source_groups where source_id = @source",
		named{"source": src.ID})
	if err != nil {
		return err
	}
	ours := make([]string, len(mirror))
	for i, m := range mirror {
		ours[i] = src.Groups.Ours(m.Name)
	}
	groups, err := s.groupIDs(ctx, ours)
	if err != nil {
		return err
	}
	var ids []string
	var to []*int64
	for i, m := range mirror {
		var is *int64
		if g, ok := groups[model.Key(ours[i])]; ok {
			is = &g.ID
		}
		if (is == nil) != (m.GroupID == nil) || is != nil && *is != *m.GroupID {
			ids, to = append(ids, m.StableID), append(to, is)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	_, err = s.db.Exec(ctx, `update source_groups m set group_id = i.group_id from unnest(@ids::text[], @groups::bigint[]) as i (stable_id, group_id)
		where m.source_id = @source and m.stable_id = i.stable_id`, named{"source": src.ID, "ids": ids, "groups": to})
	return translate(err)
}

// groupIDs are the groups of those names, by the key of the name.
func (s *Store) groupIDs(ctx context.Context, names []string) (map[string]model.Group, error) {
	keys := make([]string, len(names))
	for i, name := range names {
		keys[i] = model.Key(name)
	}
	all, err := list(ctx, s.db, func(row pgx.CollectableRow) (g model.Group, err error) {
		return g, row.Scan(&g.ID, &g.Name, &g.ByHandOnly)
	}, "select g.id, g.name, g.by_hand_only or "+consoleGroup+" from groups g where g.name_key = any(@keys)", named{"keys": keys})
	groups := make(map[string]model.Group, len(all))
	for _, g := range all {
		groups[model.Key(g.Name)] = g
	}
	return groups, err
}
