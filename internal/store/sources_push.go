package store

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/directory"
	"github.com/postern-sso/postern/internal/model"
)

// Pushed is what one request of an identity provider tells: people and groups as they
// are now, whole, and stable ids of people whom it took away.
type Pushed struct {
	People []model.SourcePerson
	Groups []model.SourceGroup
	Gone   []string
	// GroupsGone are stable ids of groups that it took away.
	GroupsGone []string
}

// PushResult is what a push did, or would do.
type PushResult struct {
	// Outcome is model.RunApplied, RunNothing, RunHeld where a person has to approve it
	// first, or RunDry where the source is not live.
	Outcome model.RunOutcome
	Plan    model.SourcePlan
	Run     int64 // the run that keeps it; zero: none does
}

// heldAnewAfter is for how long a held plan is not made anew with each further push.
const heldAnewAfter = 30 * time.Second

// Push writes into the mirror what a source pushed, plans it, and carries it out unless
// it waits for a person, all in one transaction. Pushes of one source wait for each
// other. What is held is the plan of all that waits, from the mirror. The error is a
// *directory.Unusable where what was pushed has no ids.
func (s *Store) Push(ctx context.Context, slug string, p Pushed) (r PushResult, err error) {
	for attempt := 1; ; attempt++ {
		err = s.InTx(ctx, func(tx *Store) error {
			src, err := tx.Source(ctx, slug)
			if err != nil {
				return err
			}
			if _, err := tx.db.Exec(ctx, "select pg_advisory_xact_lock(7305143, $1)", int32(src.ID)); err != nil { //nolint:gosec // one lock for two is no harm
				return translate(err)
			}
			r, err = tx.push(ctx, src, p)
			return err
		})
		if err == nil || attempt == maxAttempts || !worthRetrying(err) {
			return r, err
		}
	}
}

func (s *Store) push(ctx context.Context, src model.Source, p Pushed) (r PushResult, err error) {
	in := directory.Input{Source: src, Partial: true, Gone: p.Gone, Now: time.Now(), Reading: model.Reading{People: p.People, GroupsRead: true}}
	in.Reading.Groups = append(in.Reading.Groups, p.Groups...)
	for _, id := range p.GroupsGone { // an empty group is what takes back its memberships
		in.Reading.Groups = append(in.Reading.Groups, model.SourceGroup{StableID: id, Name: s.mirrorGroupName(ctx, src.ID, id)})
	}
	if in.Known, err = s.sourceKnown(ctx, src, scopeOf(src, in)); err != nil {
		return r, err
	}
	if r.Plan, err = directory.Plan(in); err != nil {
		return r, err
	}
	switch {
	case src.Status != model.SourceLive:
		r.Outcome = model.RunDry
	case len(r.Plan.Changes) == 0:
		r.Outcome = model.RunNothing
	case len(r.Plan.Holds) > 0:
		r.Outcome = model.RunHeld
		r.Run, err = s.holdPush(ctx, src, in, p)
		return r, err
	default:
		r.Outcome = model.RunApplied
		r.Run, err = s.applyPush(ctx, src, in, p, r.Plan)
		return r, err
	}
	return r, s.mirrorPush(ctx, src, 0, in, p)
}

// scopeOf is about whom a push can be.
func scopeOf(src model.Source, in directory.Input) knownScope {
	of := knownScope{partial: true, people: append([]string{}, in.Gone...), keys: []string{}, foreign: []string{}, refs: []string{}}
	for _, p := range in.Reading.People {
		of.people, of.keys = append(of.people, p.StableID), append(of.keys, model.Key(p.Username))
		of.foreign = append(append(of.foreign, p.StableID), p.ForeignIDs...)
	}
	for _, g := range in.Reading.Groups {
		of.people, of.refs = append(of.people, g.Members...), append(of.refs, model.SourceRef(src.Slug, g.StableID))
	}
	return of
}

func (s *Store) mirrorGroupName(ctx context.Context, source int64, id string) (name string) {
	_ = s.db.QueryRow(ctx, "select name from source_groups where source_id = $1 and stable_id = $2", source, id).Scan(&name)
	return name // empty: it is no group here
}

// mirrorPush writes what was pushed into the mirror.
func (s *Store) mirrorPush(ctx context.Context, src model.Source, run int64, in directory.Input, p Pushed) error {
	if err := s.writeMirror(ctx, src, run, in.Reading, true, p.Gone); err != nil {
		return err
	}
	_, err := s.db.Exec(ctx, `update source_groups set state = 'absent', members = '{}', digest = '', absent_run = @run, group_id = null
		where source_id = @source and stable_id = any(@ids)`, named{"source": src.ID, "run": run, "ids": p.GroupsGone})
	return translate(err)
}

// insertPush begins a run that is over with the transaction.
func (s *Store) insertPush(ctx context.Context, src model.Source) (model.SourceRun, error) {
	id, err := single(ctx, s.db, pgx.RowTo[int64], `insert into source_runs (source_id, trigger, outcome, reading, ended_at)
		values (@source, 'push', 'applying', @reading, now()) returning id`, named{"source": src.ID, "reading": src.Reading()})
	if err != nil {
		return model.SourceRun{}, err
	}
	return s.SourceRun(ctx, src.Slug, id)
}

func (s *Store) applyPush(ctx context.Context, src model.Source, in directory.Input, p Pushed, plan model.SourcePlan) (int64, error) {
	run, err := s.insertPush(ctx, src)
	if err != nil {
		return 0, err
	}
	err = s.keepPlan(ctx, src, run, RunPlan{Reading: in.Reading, Partial: true, Gone: p.Gone, Plan: plan, Outcome: model.RunApplied, KeepWaiting: true})
	if err != nil {
		return 0, err
	}
	if err := s.beginApplying(ctx, src, run, plan.Counts); err != nil {
		return 0, err
	}
	for more := true; more; {
		var upTo int
		if upTo, more, err = s.nextPart(ctx, run); err != nil {
			return 0, err
		}
		if upTo > 0 {
			if err := s.applyPart(ctx, src, run, upTo); err != nil {
				return 0, err
			}
			run.Done = upTo
		}
	}
	_, err = s.db.Exec(ctx, "update source_runs set done = @done where id = @id", named{"done": run.Done, "id": run.ID})
	if err == nil {
		err = s.groupIDsOf(ctx, src, in.Reading.Groups)
	}
	return run.ID, errors.Join(translate(err), s.mirrorPush(ctx, src, run.ID, directory.Input{}, Pushed{GroupsGone: p.GroupsGone}))
}

// groupIDsOf says of some groups of the mirror which local groups they are now.
func (s *Store) groupIDsOf(ctx context.Context, src model.Source, groups []model.SourceGroup) error {
	for _, g := range groups {
		_, err := s.db.Exec(ctx, `update source_groups set group_id = (select id from groups where name_key = @key)
			where source_id = @source and stable_id = @id`, named{"key": model.Key(src.Groups.Ours(g.Name)), "source": src.ID, "id": g.StableID})
		if err != nil {
			return translate(err)
		}
	}
	return nil
}

// holdPush writes the mirror and keeps the plan of all that waits, for a person.
func (s *Store) holdPush(ctx context.Context, src model.Source, in directory.Input, p Pushed) (int64, error) {
	if err := s.mirrorPush(ctx, src, 0, in, p); err != nil {
		return 0, err
	}
	held, err := list(ctx, s.db, pgx.RowTo[int64], `select id from source_runs where source_id = @source and outcome = 'held'
		and ended_at > now() - @anew::interval`, named{"source": src.ID, "anew": heldAnewAfter})
	if err != nil || len(held) > 0 {
		return firstOf(held), err
	}
	whole := directory.Input{Source: src, Partial: true, Now: in.Now}
	if whole.Reading, err = s.MirrorReading(ctx, src.ID); err != nil {
		return 0, err
	}
	if whole.Gone, err = s.MirrorGone(ctx, src.ID); err != nil {
		return 0, err
	}
	if whole.Known, err = s.SourceKnown(ctx, src); err != nil {
		return 0, err
	}
	plan, err := directory.Plan(whole)
	if err != nil {
		return 0, err
	}
	run, err := s.insertPush(ctx, src)
	if err != nil {
		return 0, err
	}
	return run.ID, s.keepPlan(ctx, src, run, RunPlan{Reading: model.Reading{}, Partial: true, Plan: plan, Outcome: model.RunHeld,
		Detail: "It would change more than the limits let through without a person."})
}

func firstOf(ids []int64) int64 {
	if len(ids) == 0 {
		return 0
	}
	return ids[0]
}

// MirrorGone are stable ids of people whom a source that pushes took away.
func (s *Store) MirrorGone(ctx context.Context, source int64) ([]string, error) {
	return list(ctx, s.db, pgx.RowTo[string], "select stable_id from source_users where source_id = @source and state = 'absent' order by stable_id",
		named{"source": source})
}
