package store

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/directory"
	"github.com/postern-sso/postern/internal/model"
)

// Push is what one request of an identity provider changed of what its source says.
type Push struct {
	People []model.SourcePerson // as they are now
	Gone   []string             // stable ids of people whom it deleted
	Groups []PushedGroup
	What   string // the request, a sentence
}

// PushedGroup is a group that a request touched. Only what it touched is looked at: a
// group may have very many members.
type PushedGroup struct {
	ID      string
	Name    string
	Deleted bool
	Kept    bool     // only looked at: who is in it is as it was
	Whole   bool     // it is new, has another name, or is gone: everybody in it counts
	Touched []string // else: stable ids of those who came or went, or who are new here
	Members []string // those of them who are members; of a whole one everybody
}

// Pushed is what came of a push.
type Pushed struct {
	Outcome model.SCIMOutcome
	Run     int64    // zero: none was needed
	Skipped []string // what was not done after all, and why
}

// heldAnew is how long the plan of a run that waits may be behind what was pushed since.
const heldAnew = 10 * time.Second

// PlanPush says what a push changes here. What the limits count is counted only where
// something is taken away or renamed, and groups only as far as it matters.
func (s *Store) PlanPush(ctx context.Context, src model.Source, p Push) (model.SourcePlan, error) {
	in, err := s.pushInput(ctx, src, p)
	if err != nil {
		return model.SourcePlan{}, err
	}
	plan, err := directory.Plan(in)
	if err != nil || !directory.Limited(plan) {
		return plan, err
	}
	if err := s.addCounted(ctx, &in.Known, src); err != nil {
		return plan, err
	}
	upTo := directory.SizeThatMatters(src.Limits, plan.Counts.MembershipsRemoved, in.Known.Recent)
	if in.Known.Sizes, err = s.sourceGroupSizes(ctx, src, in.Known.Memberships, upTo); err != nil {
		return plan, err
	}
	if in.Known.RuleSizes, err = s.ruleGroupSizes(ctx, src, in.Known.ByRule, upTo); err != nil {
		return plan, err
	}
	return directory.Plan(in)
}

// pushInput is what a push is planned from, without what limits count.
func (s *Store) pushInput(ctx context.Context, src model.Source, p Push) (directory.Input, error) {
	in := directory.Input{Source: src, Reading: p.reading(), Partial: true, Gone: p.Gone, Now: time.Now()}
	for _, g := range p.Groups {
		if g.Deleted {
			in.GoneGroups = append(in.GoneGroups, g.ID)
		}
	}
	var err error
	if in.Known, err = s.pushKnown(ctx, src, p); err == nil {
		err = s.addPushedRules(ctx, &in.Known, src, p)
	}
	return in, err
}

func (p Push) reading() model.Reading {
	r := model.Reading{People: p.People, GroupsRead: true}
	for _, g := range p.Groups {
		if !g.Deleted {
			r.Groups = append(r.Groups, model.SourceGroup{StableID: g.ID, Name: g.Name, Members: g.Members})
		}
	}
	return r
}

// pushKnown is what the database knows of those whom a push can concern.
func (s *Store) pushKnown(ctx context.Context, src model.Source, p Push) (k directory.Known, err error) {
	of := knownScope{partial: true, people: append([]string{}, p.Gone...)}
	for _, person := range p.People {
		of.people = append(of.people, person.StableID)
		of.keys = append(of.keys, model.Key(person.Username))
		of.foreign = append(append(of.foreign, person.StableID), person.ForeignIDs...)
	}
	for _, g := range p.Groups {
		of.people = append(append(of.people, g.Touched...), g.Members...)
	}
	if k.Memberships, err = s.pushedMemberships(ctx, src, p); err != nil {
		return k, err
	}
	if k.Others, err = s.knownOthers(ctx, src, of); err != nil {
		return k, err
	}
	if of.users, err = s.concerned(ctx, src, of, k); err != nil {
		return k, err
	}
	for _, g := range p.Groups {
		of.groups = append(of.groups, model.Key(model.Canonical(src.Groups.Ours(g.Name))))
	}
	for _, m := range k.Memberships {
		of.groupIDs = append(of.groupIDs, m.Group)
	}
	return k, s.addKnown(ctx, &k, src, of, newInterned())
}

// pushedMemberships are those that the touched groups give to the touched people.
func (s *Store) pushedMemberships(ctx context.Context, src model.Source, p Push) ([]directory.Membership, error) {
	const touched = `select m.ref, m.group_id, m.user_id from unnest(@refs::text[], @people::text[]) as t (ref, stable_id)
		join source_users p on p.source_id = @source and p.stable_id = t.stable_id
		join memberships m on m.user_id = p.user_id and m.source = 'source' and m.ref = t.ref`
	var whole, refs, people []string
	for _, g := range p.Groups {
		if ref := model.SourceRef(src.Slug, g.ID); g.Whole {
			whole = append(whole, ref)
		} else {
			for _, id := range g.Touched {
				refs, people = append(refs, ref), append(people, id)
			}
		}
	}
	from, args := touched, named{"source": src.ID, "refs": refs, "people": people}
	if whole != nil { // else nothing goes through all memberships
		from += " union select ref, group_id, user_id from memberships where source = 'source' and ref = any(@whole)"
		args["whole"] = whole
	}
	return list(ctx, s.db, pgx.RowToStructByPos[directory.Membership],
		"select ref, group_id, array_agg(user_id::text) from ("+from+") x group by ref, group_id", args)
}

// sourceGroupSizes counts to how many the source gives the groups of those memberships,
// and not further than upTo.
func (s *Store) sourceGroupSizes(ctx context.Context, src model.Source, of []directory.Membership, upTo int) (map[int64]int, error) {
	if len(of) == 0 {
		return nil, nil
	}
	groups := make([]int64, len(of))
	for i, m := range of {
		groups[i] = m.Group
	}
	slices.Sort(groups)
	groups = slices.Compact(groups)
	return s.sizes(ctx, `select g, (select count(*)::int from (select from memberships where group_id = g and source = 'source'
		and starts_with(ref, @prefix) limit @most) m) from unnest(@groups::bigint[]) g`,
		named{"groups": groups, "prefix": model.SourceRef(src.Slug, ""), "most": upTo})
}

// sizes reads how many there are of each of some groups.
func (s *Store) sizes(ctx context.Context, sql string, args named) (map[int64]int, error) {
	rows, err := s.db.Query(ctx, sql, args)
	if err != nil {
		return nil, translate(err)
	}
	sizes := map[int64]int{}
	var group int64
	var n int
	_, err = pgx.ForEachRow(rows, []any{&group, &n}, func() error {
		sizes[group] = n
		return nil
	})
	return sizes, translate(err)
}

// CarryOutPush writes a push into the mirror and does what was planned for it: at once
// where the source is live and no limit is in the way; else it is kept, or waits in a
// run for a person. The caller's transaction has planned it, and LockSCIM.
func (s *Store) CarryOutPush(ctx context.Context, src model.Source, p Push, plan model.SourcePlan) (Pushed, error) {
	applies := src.Status == model.SourceLive && len(plan.Changes) > 0 && len(plan.Holds) == 0
	done := Pushed{Outcome: model.SCIMNothing}
	var run model.SourceRun
	var err error
	if applies {
		if run, err = s.insertPush(ctx, src, model.RunByPush); err != nil {
			return done, err
		}
	}
	if err := s.mirrorPush(ctx, src, run.ID, p); err != nil {
		return done, err
	}
	switch {
	case src.Status != model.SourceLive:
		done.Outcome = model.SCIMObserved
	case applies:
		done.Outcome, done.Run = model.SCIMApplied, run.ID
		done.Skipped, err = s.applyPush(ctx, src, run, p, plan)
	case len(plan.Changes) > 0:
		done.Outcome = model.SCIMHeld
		done.Run, err = s.holdPush(ctx, src)
	}
	return done, err
}

// insertPush begins a run that is over with the transaction: nobody else sees it before.
func (s *Store) insertPush(ctx context.Context, src model.Source, trigger model.RunTrigger) (model.SourceRun, error) {
	id, err := single(ctx, s.db, pgx.RowTo[int64], `insert into source_runs (source_id, trigger, outcome, reading, ended_at)
		values (@source, @trigger, 'applying', @reading, now()) returning id`, named{"source": src.ID, "trigger": trigger, "reading": src.Reading()})
	if err != nil {
		return model.SourceRun{}, err
	}
	return s.SourceRun(ctx, src.Slug, id)
}

// mirrorPush makes the mirror say what was pushed, or what a login read.
func (s *Store) mirrorPush(ctx context.Context, src model.Source, run int64, p Push) error {
	if len(p.People)+len(p.Gone) > 0 {
		if err := s.mirrorPeople(ctx, src, run, p.People, true, p.Gone); err != nil {
			return err
		}
	}
	mirror := s.mirrorPushedGroup
	if src.Kind.Reads() {
		mirror = s.mirrorReadGroup
	}
	for _, g := range p.Groups {
		if err := mirror(ctx, src, run, g); err != nil {
			return translate(err)
		}
	}
	return nil
}

// mirrorPushedGroup keeps the name of a group and whether it is there. Who is in it is
// kept one by one, where it was pushed to: it is the same work in a group of any size.
func (s *Store) mirrorPushedGroup(ctx context.Context, src model.Source, run int64, g PushedGroup) (err error) {
	switch args := (named{"source": src.ID, "id": g.ID, "name": clean(g.Name, maxMirrored), "run": run}); {
	case g.Deleted:
		_, err = s.db.Exec(ctx, `update source_groups set state = 'absent', members = '{}', absent_run = @run where source_id = @source and stable_id = @id`, args)
	case g.Whole:
		_, err = s.db.Exec(ctx, `insert into source_groups (source_id, stable_id, digest, name, first_run, changed_run) values (@source, @id, '', @name, @run, @run)
			on conflict (source_id, stable_id) do update set name = @name, state = 'present', absent_run = null, changed_run = @run`, args)
	}
	return err
}

// mirrorReadGroup says of somebody who was read alone whether they are in a group.
func (s *Store) mirrorReadGroup(ctx context.Context, src model.Source, run int64, g PushedGroup) error {
	if g.Kept {
		return nil
	}
	_, err := s.db.Exec(ctx, `update source_groups set digest = '', changed_run = @run, members = array(select m from unnest(members) m
		where m <> all(@touched::text[])) || @members::text[] where source_id = @source and stable_id = @id`,
		named{"source": src.ID, "id": g.ID, "run": run, "touched": g.Touched, "members": g.Members})
	return err
}

// applyPush carries a plan out, and says what could not be.
func (s *Store) applyPush(ctx context.Context, src model.Source, run model.SourceRun, p Push, plan model.SourcePlan) (skipped []string, err error) {
	err = s.keepPlan(ctx, src, run, RunPlan{Reading: p.reading(), Partial: true, Plan: plan, Outcome: model.RunApplied, Detail: p.What, KeepWaiting: true})
	if err != nil {
		return nil, err
	}
	if err := s.beginApplying(ctx, src, run, plan.Counts); err != nil {
		return nil, err
	}
	for more := true; more; {
		var upTo int
		if upTo, more, err = s.nextPart(ctx, run); err != nil {
			return nil, err
		}
		if upTo > 0 {
			if err := s.applyPart(ctx, src, run, upTo); err != nil {
				return nil, err
			}
			run.Done = upTo
		}
	}
	if _, err := s.db.Exec(ctx, "update source_runs set done = @done where id = @id", named{"done": run.Done, "id": run.ID}); err != nil {
		return nil, translate(err)
	}
	if err := s.groupIDsOf(ctx, src, p.Groups); err != nil {
		return nil, err
	}
	skipped, err = list(ctx, s.db, pgx.RowTo[string], "select problem from source_changes where run_id = @run and state = 'skipped' order by nr",
		named{"run": run.ID})
	if err != nil {
		return nil, err
	}
	if src.Kind.Reads() {
		return skipped, nil // the next run plans anew by itself
	}
	return skipped, s.refreshHeld(ctx, src, p)
}

// groupIDsOf says of groups of the mirror that have another name which local groups
// they are now.
func (s *Store) groupIDsOf(ctx context.Context, src model.Source, groups []PushedGroup) error {
	for _, g := range groups {
		if !g.Whole {
			continue
		}
		_, err := s.db.Exec(ctx, `update source_groups set group_id = (select id from groups where name_key = @key) where source_id = @source and stable_id = @id`,
			named{"key": model.Key(src.Groups.Ours(g.Name)), "source": src.ID, "id": g.ID})
		if err != nil {
			return translate(err)
		}
	}
	return nil
}

// holdPush puts everything that was pushed and has no effect yet into a run that waits
// for a person, in place of the one that waited before. One that has just been made is
// made anew later, by the schedule, so that many pushes do not plan everything each.
func (s *Store) holdPush(ctx context.Context, src model.Source) (int64, error) {
	waiting, err := single(ctx, s.db, pgx.RowTo[int64], `select id from source_runs where source_id = @source and outcome = 'held'
		and started_at > now() - @anew::interval order by id desc limit 1`, named{"source": src.ID, "anew": heldAnew})
	if err == nil {
		return waiting, s.planSoon(ctx, src)
	}
	if !errors.Is(err, ErrNotFound) {
		return 0, err
	}
	in, err := s.PushedInput(ctx, src)
	if err != nil {
		return 0, err
	}
	if in.Known, err = s.SourceKnown(ctx, src); err != nil {
		return 0, err
	}
	plan, err := directory.Plan(in)
	if err != nil {
		return 0, err
	}
	run, err := s.insertPush(ctx, src, model.RunByPush)
	if err != nil {
		return 0, err
	}
	err = s.keepPlan(ctx, src, run, RunPlan{Reading: in.Reading, Partial: true, Plan: plan, Outcome: model.RunHeld,
		Detail: "It would change more than the limits let through without a person."})
	if err != nil {
		return 0, err
	}
	return run.ID, s.record(ctx, model.ActorOfSource(src.Slug), "source.run_held", runObject(run), nil, map[string]any{"plan": plan.Counts}, "")
}

// PushedInput is what is planned from of everything that a source that pushes says now,
// without what the database knows. Whom it deleted although they are still active here
// is gone by name, and so are groups that it deleted and that still give memberships.
func (s *Store) PushedInput(ctx context.Context, src model.Source) (in directory.Input, err error) {
	in = directory.Input{Source: src, Partial: true, Now: time.Now()}
	if in.Reading, err = s.MirrorReading(ctx, src); err != nil {
		return in, err
	}
	args := named{"source": src.ID, "slug": src.Slug, "prefix": model.SourceRef(src.Slug, "")}
	in.GoneGroups, err = list(ctx, s.db, pgx.RowTo[string], `select g.stable_id from source_groups g where g.source_id = @source and g.state = 'absent'
		and exists (select from memberships m where m.source = 'source' and m.ref = @prefix || g.stable_id) order by 1`, args)
	if err != nil {
		return in, err
	}
	in.Gone, err = list(ctx, s.db, pgx.RowTo[string], `select p.stable_id from source_users p join users u on u.id = p.user_id
		where p.source_id = @source and p.state = 'absent' and u.active and u.home_source = @slug order by 1`, args)
	return in, err
}

// refreshHeld has everything planned anew when somebody was pushed whom a plan that
// waits is about, or while a run carries out what was said before.
func (s *Store) refreshHeld(ctx context.Context, src model.Source, p Push) error {
	ids := append([]string{}, p.Gone...)
	for _, person := range p.People {
		ids = append(ids, person.StableID)
	}
	for _, g := range p.Groups {
		ids = append(ids, g.ID)
	}
	concerned, err := single(ctx, s.db, pgx.RowTo[bool], `select exists (select from source_changes c join source_runs r on r.id = c.run_id
			where r.source_id = @source and r.outcome = 'held' and c.stable_id = any(@ids))
		or exists (select from source_runs where source_id = @source and ended_at is null)`, named{"source": src.ID, "ids": ids})
	if err != nil || !concerned {
		return err
	}
	return s.planSoon(ctx, src)
}

// planSoon has everything that was pushed planned in a moment: after the run that goes on.
func (s *Store) planSoon(ctx context.Context, src model.Source) error {
	_, err := s.db.Exec(ctx, `update sources set next_run_at = case when exists (select from source_runs where source_id = @id and ended_at is null)
		then now() + @anew::interval else least(next_run_at, now() + @anew::interval) end where id = @id`,
		named{"id": src.ID, "anew": heldAnew})
	return translate(err)
}
