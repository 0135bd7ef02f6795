package store

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/directory"
	"github.com/postern-sso/postern/internal/model"
)

// AtLogin is a source that a login reads its person from, and by what it asks for them.
type AtLogin struct {
	Source model.Source
	Ask    string // a stable id, or a username
}

// SourcesAtLogin are the sources that a login through a connection reads its person
// from. Whom AWS calls by an id is asked for by it in the directory of the connection.
// Another source is asked by the stable id of the user that the person is known as, or
// else by username.
func (s *Store) SourcesAtLogin(ctx context.Context, connection string, p model.Person) ([]AtLogin, error) {
	all, err := s.Sources(ctx)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(src model.Source) bool {
		return !src.ReadsAtLogin() || src.Kind == model.SourceAWS && (src.Connection != connection || p.ExternalID == "")
	})
	found := make([]AtLogin, len(all))
	for i, src := range all {
		found[i] = AtLogin{src, p.ExternalID}
		if src.Kind == model.SourceAWS {
			continue
		}
		ids, err := list(ctx, s.db, pgx.RowTo[string], `select m.stable_id from source_users m join identities i on i.user_id = m.user_id
			join connections c on c.id = i.connection_id where m.source_id = @source and c.slug = @connection and i.idp_entity_id = @idp
				and (@external <> '' and i.external_id = @external or i.external_id = '' and i.name_id = @name) limit 1`,
			named{"source": src.ID, "connection": connection, "idp": p.IdPEntityID, "external": p.ExternalID, "name": p.NameID})
		if err != nil {
			return nil, err
		}
		if found[i].Ask = p.Username; len(ids) > 0 {
			found[i].Ask = ids[0]
		}
	}
	return found, nil
}

// TakeOne plans and carries out what a source says of one person, as a run would; over
// a limit nothing is done: the next run says so. ErrRunning while a run is under way,
// ErrConflict when the source was changed since it was read.
func (s *Store) TakeOne(ctx context.Context, src model.Source, one directory.One) (done Pushed, plan model.SourcePlan, err error) {
	err = s.InTxAgain(ctx, func(tx *Store) error {
		now, err := tx.source(ctx, src.Slug, "for update of s")
		if err != nil {
			return err
		}
		if !now.ReadsAtLogin() || now.Revision != src.Revision {
			return ErrConflict
		}
		under, err := single(ctx, tx.db, pgx.RowTo[bool], "select exists (select from source_runs where source_id = @id and ended_at is null)",
			named{"id": src.ID})
		if err != nil {
			return err
		}
		if under {
			return ErrRunning
		}
		done, plan, err = tx.takeOne(ctx, now, one)
		return err
	})
	return done, plan, err
}

func (s *Store) takeOne(ctx context.Context, src model.Source, one directory.One) (Pushed, model.SourcePlan, error) {
	done := Pushed{Outcome: model.SCIMNothing}
	p, err := s.pushOfOne(ctx, src, one)
	if err != nil {
		return done, model.SourcePlan{}, err
	}
	known, err := s.pushKnown(ctx, src, p)
	if err == nil {
		known.Identities, err = s.identityOf(ctx, src, one.Person.StableID)
	}
	if err != nil {
		return done, model.SourcePlan{}, err
	}
	plan, err := directory.Plan(directory.Input{Source: src, Reading: p.reading(), Partial: true, Known: known, Now: time.Now()})
	if err != nil {
		return done, plan, err
	}
	if len(plan.Holds) > 0 {
		done.Outcome = model.SCIMHeld
		return done, plan, nil
	}
	var run model.SourceRun
	if len(plan.Changes) > 0 {
		if run, err = s.insertPush(ctx, src, model.RunByLogin); err != nil {
			return done, plan, err
		}
	}
	if err := s.mirrorPush(ctx, src, run.ID, p); err != nil {
		return done, plan, err
	}
	if len(plan.Changes) > 0 {
		done.Outcome, done.Run = model.SCIMApplied, run.ID
		done.Skipped, err = s.applyPush(ctx, src, run, p, plan)
	}
	return done, plan, err
}

// pushOfOne is what a source says of one person, as if it had been pushed: of each group
// of the mirror that has the person, or shall have, whether they are a member. Groups
// that no run has read yet wait for the next run.
func (s *Store) pushOfOne(ctx context.Context, src model.Source, one directory.One) (Push, error) {
	id := one.Person.StableID
	assigned, err := list(ctx, s.db, pgx.RowTo[bool], "select assigned from source_users where source_id = @source and stable_id = @id",
		named{"source": src.ID, "id": id})
	if err != nil {
		return Push{}, err
	}
	// Who signs in through the connection of an AWS source may use its application; of
	// others nothing is known but what a run read.
	one.Person.Assigned = src.Kind == model.SourceAWS || len(assigned) > 0 && assigned[0]
	p := Push{People: []model.SourcePerson{one.Person}, What: "The person signed in and was read."}
	type group struct {
		ID, Name string
		Has      bool
	}
	groups, err := list(ctx, s.db, pgx.RowToStructByPos[group], `select stable_id, name, @id = any(members) from source_groups
		where source_id = @source and state = 'present' and (stable_id = any(@groups) or @id = any(members)) order by stable_id`,
		named{"source": src.ID, "groups": one.Groups, "id": id})
	if err != nil {
		return p, err
	}
	for _, g := range groups {
		if src.Groups.Ours(g.Name) == "" {
			continue // a run does not read who is in it
		}
		touched := PushedGroup{ID: g.ID, Name: g.Name, Touched: []string{id}}
		if slices.Contains(one.Groups, g.ID) {
			touched.Members = touched.Touched
		}
		touched.Kept = g.Has == (touched.Members != nil)
		p.Groups = append(p.Groups, touched)
	}
	return p, nil
}

// identityOf is whom AWS's id belongs to on the connection of the source.
func (s *Store) identityOf(ctx context.Context, src model.Source, id string) (map[string]string, error) {
	if src.Kind != model.SourceAWS {
		return nil, nil
	}
	users, err := list(ctx, s.db, pgx.RowTo[string], `select i.user_id::text from identities i join connections c on c.id = i.connection_id
		where c.slug = @connection and i.external_id = @id limit 1`, named{"connection": src.Connection, "id": id})
	if err != nil || len(users) == 0 {
		return nil, err
	}
	return map[string]string{id: users[0]}, nil
}
