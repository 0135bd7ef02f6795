package store

import (
	"context"
	"errors"
	"slices"

	"github.com/postern-sso/postern/internal/model"
)

// membersAtOnce is how many memberships one change of a stored plan has at most, and
// one transaction carries out: a group that has more is several changes.
const membersAtOnce = 5000

// RunPlan is what StorePlan keeps of a run.
type RunPlan struct {
	Reading model.Reading
	Partial bool     // the reading has only what was pushed
	Gone    []string // stable ids of people whom the source took away by name
	Plan    model.SourcePlan
	Outcome model.RunOutcome // RunApplying: it is carried out now; else the run is over
	Detail  string           // a sentence

	KeepWaiting bool // plans that wait for a person are not superseded by it
}

// StorePlan writes what a run read into the mirror and keeps its plan, in one
// transaction. Plans that wait are superseded by it. A run that is not carried out
// is over then, and the source free. ErrRunLost when another worker has the source.
func (s *Store) StorePlan(ctx context.Context, run model.SourceRun, worker string, p RunPlan) (after model.SourceRun, err error) {
	err = s.InTx(ctx, func(tx *Store) error {
		src, err := tx.Source(ctx, run.Source)
		if err != nil {
			return err
		}
		if err := tx.keepPlan(ctx, src, run, p); err != nil {
			return err
		}
		if p.Outcome == model.RunApplying {
			err = tx.beginApplying(ctx, src, run, p.Plan.Counts)
			if err == nil {
				err = tx.holdSource(ctx, run.Source, worker)
			}
		} else {
			if err = tx.groupIDsOfMirror(ctx, src); err == nil {
				err = tx.freeSource(ctx, run, worker, p.Outcome)
			}
		}
		if err != nil {
			return err
		}
		after, err = tx.SourceRun(ctx, run.Source, run.ID)
		return err
	})
	return after, err
}

// keepPlan writes mirror, changes and what was left out, and what the run is now.
func (s *Store) keepPlan(ctx context.Context, src model.Source, run model.SourceRun, p RunPlan) error {
	if run.Trigger != model.RunByLogin && src.Kind.Reads() { // else it is written by each push or login, by another while this one planned
		if err := s.writeMirror(ctx, src, run.ID, p.Reading, p.Partial, p.Gone); err != nil {
			return err
		}
	}
	if !p.KeepWaiting {
		_, err := s.db.Exec(ctx, `update source_runs set outcome = 'superseded' where source_id = @source and id < @run and outcome in ('dry_run', 'held')`,
			named{"source": src.ID, "run": run.ID})
		if err != nil {
			return translate(err)
		}
	}
	changes := splitMembers(p.Plan.Changes)
	if err := s.copyChanges(ctx, run.ID, changes); err != nil {
		return err
	}
	if err := s.copyLeftOut(ctx, src.ID, run.ID, p.Partial, p.Plan.LeftOut); err != nil {
		return err
	}
	counts, err := toJSON(p.Plan.Counts)
	if err != nil {
		return err
	}
	holds, err := toJSON(orNone(p.Plan.Holds))
	if err != nil {
		return err
	}
	tag, err := s.db.Exec(ctx, `update source_runs set outcome = @outcome, detail = @detail, counts = @counts, holds = @holds, remarks = @remarks,
		server = @server, digest = @digest, changes = @changes, seen_users = @people, seen_groups = @groups,
		ended_at = case when @over or trigger in ('push', 'login') then clock_timestamp() end
		where id = @run and (ended_at is null or trigger in ('push', 'login'))`,
		named{"run": run.ID, "outcome": p.Outcome, "detail": clean(p.Detail, maxMirrored), "counts": counts, "holds": holds,
			"remarks": storableAll(p.Reading.Remarks),
			"server":  clean(p.Reading.Server, maxText), "digest": p.Plan.Digest, "changes": len(changes), "people": len(p.Reading.People),
			"groups": len(p.Reading.Groups), "over": p.Outcome.Over()})
	if err == nil && tag.RowsAffected() == 0 {
		err = ErrRunLost
	}
	return translate(err)
}

// splitMembers makes several changes of one with very many memberships.
func splitMembers(changes []model.SourceChange) []model.SourceChange {
	var all []model.SourceChange
	for i, c := range changes {
		if len(c.Added)+len(c.Removed) <= membersAtOnce {
			if all != nil {
				all = append(all, c)
			}
			continue
		}
		if all == nil {
			all = slices.Clone(changes[:i])
		}
		for added := range slices.Chunk(c.Added, membersAtOnce) {
			part := c
			part.Added, part.Removed = added, nil
			all = append(all, part)
		}
		for removed := range slices.Chunk(c.Removed, membersAtOnce) {
			part := c
			part.Added, part.Removed = nil, removed
			all = append(all, part)
		}
	}
	if all == nil {
		return changes
	}
	return all
}

func (s *Store) copyChanges(ctx context.Context, run int64, changes []model.SourceChange) error {
	columns := []string{"run_id", "nr", "kind", "stable_id", "user_id", "keys", "before", "after", "home", "group_name", "ref", "origin", "added",
		"removed", "memberships", "place", "why"}
	return s.copyIn(ctx, "source_changes", columns, len(changes), func(i int) ([]any, error) {
		c := &changes[i]
		var before, after *string
		var user any
		keys := []string{}
		if c.UserID != "" {
			user = c.UserID
		}
		if !c.Kind.OfMembers() && c.Kind != model.SourceGroupMade {
			keys = personKeys(c.Before.Username, c.Before.Email, c.After.Username, c.After.Email)
			var err error
			if before, err = toJSON(c.Before); err != nil {
				return nil, err
			}
			if after, err = toJSON(c.After); err != nil {
				return nil, err
			}
		}
		return []any{run, i + 1, string(c.Kind), c.StableID, user, keys, before, after, c.Home, replaceUnstorable(c.Group), c.Ref, c.Origin,
			storableAll(c.Added), storableAll(c.Removed), len(c.Added) + len(c.Removed), clean(c.Place, maxMirrored), clean(c.Why, maxMirrored)}, nil
	})
}

// copyLeftOut keeps what was left out. Runs that read everything and did nothing would
// say the same each time: only the newest of them keeps its list.
func (s *Store) copyLeftOut(ctx context.Context, source, run int64, partial bool, all []model.LeftOut) error {
	if !partial {
		if err := s.forgetLeftOut(ctx, source, run); err != nil {
			return err
		}
	}
	columns := []string{"run_id", "nr", "kind", "stable_id", "name", "keys", "users", "detail"}
	return s.copyIn(ctx, "source_left_out", columns, len(all), func(i int) ([]any, error) {
		l := &all[i]
		keys := []string{}
		if l.Kind != model.LeftOutByHandOnly && l.Kind != model.LeftOutGroupName {
			keys = personKeys(l.Name)
		}
		return []any{run, i + 1, string(l.Kind), l.StableID, clean(l.Name, maxMirrored), keys, storableAll(l.Users), clean(l.Detail, maxMirrored)}, nil
	})
}

// forgetLeftOut forgets what runs before left out that did nothing.
func (s *Store) forgetLeftOut(ctx context.Context, source, run int64) error {
	_, err := s.db.Exec(ctx, `delete from source_left_out where run_id in (select id from source_runs where source_id = @source and id < @run
		and outcome in ('nothing', 'superseded'))`, named{"source": source, "run": run})
	return translate(err)
}

// beginApplying writes the entry of the audit that begins the run's act. A plan that
// a person approved makes the settings good under which it was read.
func (s *Store) beginApplying(ctx context.Context, src model.Source, run model.SourceRun, counts model.RunCounts) error {
	if run.Trigger == model.RunByApproval {
		if err := errors.Join(s.noteApproval(ctx, run), s.approveSettings(ctx, src, run)); err != nil {
			return err
		}
	}
	entry, err := auditArgs(actorOfRun(run), "source.run", runObject(run), nil, map[string]any{"trigger": run.Trigger, "plan": counts}, "")
	if err != nil {
		return err
	}
	id, err := s.recordOne(ctx, entry)
	if err != nil {
		return err
	}
	_, err = s.db.Exec(ctx, "update source_runs set audit_id = @audit where id = @run", named{"audit": id, "run": run.ID})
	return translate(err)
}

// approveSettings makes the source live under the settings of the approved run.
func (s *Store) approveSettings(ctx context.Context, src model.Source, run model.SourceRun) error {
	if src.Reading() != run.Reading {
		return ErrConflict // changed while it was read
	}
	_, err := s.db.Exec(ctx, `update sources set approved_for = @reading, next_is_dry = false, status = case when status = 'draft' then 'live' else status end,
		revision = revision + case when status = 'draft' then 1 else 0 end, updated_at = now() where id = @id`, named{"id": src.ID, "reading": run.Reading})
	if err != nil {
		return translate(err)
	}
	if src.Status != model.SourceDraft {
		return nil
	}
	after, err := s.Source(ctx, src.Slug)
	if err != nil {
		return err
	}
	return s.record(ctx, actorOfRun(run), "source.update", src.Slug, auditedSource(src), auditedSource(after), "")
}

// RejectRun says no to a plan that waits. ErrConflict when it waits no more.
func (s *Store) RejectRun(ctx context.Context, actor model.Actor, slug string, id int64) error {
	return s.InTx(ctx, func(tx *Store) error {
		tag, err := tx.db.Exec(ctx, `update source_runs r set outcome = 'rejected', decided_by = @by where id = @id and outcome in ('held', 'dry_run')
			and source_id = (select s.id from sources s where s.slug = @slug)`, named{"id": id, "slug": slug, "by": clean(actor.Name, 512)})
		if err != nil {
			return translate(err)
		}
		run, err := tx.SourceRun(ctx, slug, id)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return ErrConflict
		}
		return tx.record(ctx, actor, "source.run_rejected", runObject(run), nil, map[string]any{"plan": run.Counts}, "")
	})
}

// ApprovableRun is a run whose plan waits for a person; ErrConflict when it does not,
// or does no more; ErrTransition while the source is paused.
func (s *Store) ApprovableRun(ctx context.Context, slug string, id int64) (model.SourceRun, error) {
	src, err := s.Source(ctx, slug)
	if err != nil {
		return model.SourceRun{}, err
	}
	run, err := s.SourceRun(ctx, slug, id)
	switch {
	case err != nil:
		return run, err
	case src.Status == model.SourcePaused:
		return run, ErrTransition
	case run.Outcome != model.RunHeld && run.Outcome != model.RunDry:
		return run, ErrConflict
	default:
		return run, nil
	}
}

// noteApproval keeps who approved the plan of a run.
func (s *Store) noteApproval(ctx context.Context, run model.SourceRun) error {
	if run.Approves == 0 {
		return nil
	}
	_, err := s.db.Exec(ctx, "update source_runs set decided_by = @by where id = @id", named{"by": clean(run.Actor, 512), "id": run.Approves})
	return translate(err)
}
