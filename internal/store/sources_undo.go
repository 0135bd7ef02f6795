package store

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
)

// ChangedSince is why a run cannot be undone: what it did was changed by others.
type ChangedSince struct {
	Users []string // the first of them, by username
	Count int
}

func (e *ChangedSince) Error() string {
	return fmt.Sprintf("changed since the run: %d, among them %s", e.Count, strings.Join(e.Users, ", "))
}

// changedShown is how many of those who changed since are named.
const changedShown = 20

// StartUndo begins a run that takes back what another did, as one; ApplyNext carries it
// out. The source's next run is a dry run, since it would do the same again. The error
// is a *ChangedSince when users are not any more as the run left them, ErrConflict when
// the run changed nothing, was undone, or is not over, and ErrRunning while another run
// is under way.
func (s *Store) StartUndo(ctx context.Context, actor model.Actor, slug string, id int64, worker string) (run model.SourceRun, err error) {
	err = s.InTx(ctx, func(tx *Store) error {
		src, open, err := tx.takeSource(ctx, slug, worker)
		if err != nil {
			return err
		}
		if open.ID != 0 {
			return ErrRunning
		}
		undone, err := single(ctx, tx.db, scanRun, "select "+runColumns+" from source_runs r where r.id = @id and r.source_id = @source for update of r",
			named{"id": id, "source": src.ID})
		if err != nil {
			return err
		}
		if undone.Outcome != model.RunApplied || undone.Trigger == model.RunByUndo {
			return ErrConflict
		}
		if err := tx.unchangedSince(ctx, src, id); err != nil {
			return err
		}
		run, err = tx.insertUndo(ctx, src, undone, actor)
		return err
	})
	return run, err
}

func (s *Store) insertUndo(ctx context.Context, src model.Source, undone model.SourceRun, actor model.Actor) (run model.SourceRun, err error) {
	run, err = s.insertRun(ctx, src, RunStart{Trigger: model.RunByUndo, Actor: actor})
	if err != nil {
		return run, err
	}
	entry, err := auditArgs(actor, "source.run_undo", runObject(undone), nil, map[string]any{"run": run.ID, "took_back": undone.Counts}, "")
	if err != nil {
		return run, err
	}
	audit, err := s.recordOne(ctx, entry)
	if err != nil {
		return run, err
	}
	_, err = s.db.Exec(ctx, `update source_runs set outcome = 'applying', undoes = @undoes, audit_id = @audit,
		changes = (select coalesce(max(nr), 0) from source_changes where run_id = @undoes) where id = @id`,
		named{"id": run.ID, "undoes": undone.ID, "audit": audit})
	if err != nil {
		return run, translate(err)
	}
	if _, err := s.db.Exec(ctx, "update source_runs set outcome = 'undone' where id = $1", undone.ID); err != nil {
		return run, translate(err)
	}
	if _, err := s.db.Exec(ctx, "update sources set next_is_dry = true where id = $1", src.ID); err != nil {
		return run, translate(err)
	}
	return s.SourceRun(ctx, src.Slug, run.ID)
}

// unchangedSince looks at whom the run changed: each must be as its last change left
// them, and whom it made must not have signed in.
func (s *Store) unchangedSince(ctx context.Context, src model.Source, run int64) error {
	names, err := list(ctx, s.db, pgx.RowTo[string], `with did as (select distinct on (user_id) user_id, after,
				bool_or(kind = 'created') over (partition by user_id) made from source_changes where run_id = @run and state = 'applied'
				and user_id is not null and not `+ofMembers("kind")+` order by user_id, nr desc)
		select u.username from did join users u on u.id = did.user_id
		where (u.username, u.email, u.first_name, u.last_name, u.display_name, u.active) is distinct from (after ->> 'username', after ->> 'email',
			after ->> 'first_name', after ->> 'last_name', after ->> 'display_name', (after ->> 'active')::boolean)
		or did.made and (u.last_login_at is not null
			or exists (select from identities x where x.user_id = u.id) or exists (select from service_passwords x where x.user_id = u.id)
			or exists (select from administrators x where x.user_id = u.id)
			or exists (select from memberships x where x.user_id = u.id and not (x.source = 'source' and starts_with(x.ref, @prefix)))
			or exists (select from source_users x where x.user_id = u.id and x.source_id <> @source))
		order by u.username_key`, named{"run": run, "prefix": model.SourceRef(src.Slug, ""), "source": src.ID})
	if err != nil || len(names) == 0 {
		return err
	}
	return &ChangedSince{Users: names[:min(changedShown, len(names))], Count: len(names)}
}

// undoNext takes back the next changes of the run that is undone, the last ones first.
// run.Done counts from the end.
func (s *Store) undoNext(ctx context.Context, run model.SourceRun, worker string) error {
	src, err := s.Source(ctx, run.Source)
	if err != nil {
		return err
	}
	done, err := s.undoPart(ctx, src, run)
	if err != nil {
		return err
	}
	if _, err := s.db.Exec(ctx, "update source_runs set done = @done where id = @id", named{"done": done, "id": run.ID}); err != nil {
		return translate(err)
	}
	if done < run.Changes {
		return s.holdSource(ctx, run.Source, worker)
	}
	if err := s.groupIDsOfMirror(ctx, src); err != nil {
		return err
	}
	return s.endApplied(ctx, run, worker)
}

func (s *Store) undoPart(ctx context.Context, src model.Source, run model.SourceRun) (done int, err error) {
	changes, err := list(ctx, s.db, scanRunChange, `with part as (select nr, `+ofMembers("kind")+` members, first_value(`+ofMembers("kind")+`) over w first,
				sum(coalesce(memberships, cardinality(added) + cardinality(removed))) over w size, row_number() over w place
			from source_changes where run_id = @run and nr <= @from and nr > @from - @limit and state = 'applied' window w as (order by nr desc))
		select `+changeColumns+` from part join source_changes c on c.run_id = @run and c.nr = part.nr
		where part.place = 1 or part.members = part.first and part.size <= @size order by c.nr desc`,
		named{"run": run.Undoes, "from": run.Changes - run.Done, "limit": changesAtOnce, "size": membersAtOnce})
	if err != nil {
		return 0, err
	}
	if len(changes) == 0 { // nothing among these was done
		return min(run.Done+changesAtOnce, run.Changes), nil
	}
	undo := &sourceUndo{sourcePart: &sourcePart{tx: s, src: src, run: run, actor: model.ActorOfSource(src.Slug), changes: changes}}
	if changes[0].Kind.OfMembers() {
		err = undo.members(ctx)
	} else {
		err = undo.people(ctx)
	}
	if err == nil {
		err = s.recordAll(ctx, undo.audit)
	}
	if err == nil {
		err = undo.saveStates(ctx)
	}
	return run.Changes - changes[len(changes)-1].NR + 1, err
}

// sourceUndo takes changes of a run back.
type sourceUndo struct{ *sourcePart }

// people takes back what was done to people and groups, in the order of the changes.
func (u *sourceUndo) people(ctx context.Context) error {
	var made []*RunChange
	o := &peopleOfPart{sourcePart: u.sourcePart, updates: map[string]bool{}, freed: map[string]bool{}, undo: true}
	for i := range o.changes {
		c := &o.changes[i]
		c.State, c.Before, c.After = ChangePlanned, c.After, c.Before
		switch c.Kind {
		case model.SourceCreated:
			made = append(made, c)
		case model.SourceDeactivated:
			c.Kind = model.SourceReactivated
		case model.SourceReactivated:
			c.Kind = model.SourceDeactivated
		default:
		}
	}
	if err := u.removeMade(ctx, made); err != nil { // they have names that others had
		return err
	}
	if err := o.load(ctx); err != nil {
		return err
	}
	for i := range o.changes {
		c := &o.changes[i]
		var err error
		switch c.Kind {
		case model.SourceGroupMade:
			err = u.removeGroup(ctx, c)
		case model.SourceCreated:
		default:
			err = o.change(ctx, c)
		}
		if err != nil {
			return err
		}
	}
	return o.flush(ctx)
}

// removeMade deletes users whom the run made and who never signed in.
func (u *sourceUndo) removeMade(ctx context.Context, made []*RunChange) error {
	if len(made) == 0 {
		return nil
	}
	ids := make([]string, len(made))
	for i, c := range made {
		ids[i] = c.UserID
	}
	gone, err := list(ctx, u.tx.db, scanUser, `delete from users u where u.id = any(@ids::uuid[]) and u.last_login_at is null
			and not exists (select from identities x where x.user_id = u.id)
			and not exists (select from service_passwords x where x.user_id = u.id)
			and not exists (select from administrators x where x.user_id = u.id)
			and not exists (select from memberships x where x.user_id = u.id)
		returning `+userColumns, named{"ids": ids})
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
	for _, c := range made {
		if !removed[c.UserID] {
			c.skip("The user has signed in, or is in groups, and stays.")
		}
	}
	return nil
}

// removeGroup deletes a group that the run made, unless something uses it.
func (u *sourceUndo) removeGroup(ctx context.Context, c *RunChange) error {
	tag, err := u.tx.db.Exec(ctx, `delete from groups g where g.name_key = @key and g.created_at = g.updated_at and g.created_at = @at
		and not exists (select from memberships x where x.group_id = g.id) and not exists (select from rule_groups x where x.group_id = g.id)
		and not exists (select from app_groups x where x.group_id = g.id) and not `+consoleGroup, named{"key": model.Key(c.Group), "at": c.At})
	if err != nil {
		return translate(err)
	}
	if tag.RowsAffected() == 0 {
		c.skip("The group is used, or was changed since, and stays.")
		return nil
	}
	return u.note("group.delete", c.Group, auditedGroup(model.Group{Name: c.Group}), nil)
}

// members takes back memberships. Those of the source are nobody else's.
func (u *sourceUndo) members(ctx context.Context) error {
	groups, err := u.tx.groupIDs(ctx, u.groupsOfChanges())
	if err != nil {
		return err
	}
	names, err := u.groupNames(ctx)
	if err != nil {
		return err
	}
	for i := range u.changes {
		c := &u.changes[i]
		c.State = ChangePlanned
		g, there := groups[model.Key(c.Group)]
		if !there {
			continue
		}
		if c.Kind == model.SourceByRule {
			if err := u.undoByRule(ctx, c, g.ID); err != nil {
				return err
			}
			continue
		}
		args := named{"source": u.src.ID, "group": g.ID, "ref": c.Ref, "added": c.Added, "removed": c.Removed, "origin": names[c.StableID]}
		if len(c.Added) > 0 {
			_, err := u.tx.db.Exec(ctx, `delete from memberships m using source_users s where s.source_id = @source and s.stable_id = any(@added)
				and m.user_id = s.user_id and m.group_id = @group and m.source = 'source' and m.ref = @ref`, args)
			if err != nil {
				return translate(err)
			}
		}
		if len(c.Removed) > 0 {
			_, err := u.tx.db.Exec(ctx, `insert into memberships (user_id, group_id, source, ref, origin)
				select u.id, @group, 'source', @ref, @origin from users u where u.id = any(@removed::uuid[]) on conflict do nothing`, args)
			if err != nil {
				return translate(err)
			}
		}
	}
	return nil
}

// saveStates marks what was taken back; what was not says why.
func (u *sourceUndo) saveStates(ctx context.Context) error {
	var undone []int
	for _, c := range u.changes {
		if c.State != ChangeSkipped {
			undone = append(undone, c.NR)
			continue
		}
		_, err := u.tx.db.Exec(ctx, "update source_changes set problem = @problem where run_id = @run and nr = @nr",
			named{"problem": c.Problem, "run": u.run.Undoes, "nr": c.NR})
		if err != nil {
			return translate(err)
		}
	}
	slices.Sort(undone)
	_, err := u.tx.db.Exec(ctx, "update source_changes set state = 'undone', problem = '' where run_id = @run and nr = any(@nrs)",
		named{"run": u.run.Undoes, "nrs": undone})
	return translate(err)
}
