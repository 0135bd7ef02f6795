package configdoc

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/postern-sso/postern/internal/forecast"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/provision"
	"github.com/postern-sso/postern/internal/sso"
	"github.com/postern-sso/postern/internal/store"
)

// Apply makes the database match the document, in one transaction, and returns
// what it changed. With an error nothing has changed; the error is of type
// Problems when the document does not fit what the database has.
func (d *Document) Apply(ctx context.Context, st *store.Store, actor model.Actor) ([]Change, error) {
	var changes []Change
	err := st.InTx(ctx, func(tx *store.Store) (err error) {
		changes, err = d.carryOut(ctx, tx, actor)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("apply the document: %w", err)
	}
	return changes, nil
}

func (d *Document) carryOut(ctx context.Context, tx *store.Store, actor model.Actor) ([]Change, error) {
	have, err := Read(ctx, tx)
	if err != nil {
		return nil, err
	}
	steps, err := d.plan(have)
	if err != nil {
		return nil, err
	}
	for _, s := range steps {
		if err := s.run(ctx, tx, actor); err != nil {
			return nil, fmt.Errorf("%s: %w", s.changes[0], err)
		}
	}
	return changesOf(steps), nil
}

// Outcome is what a document changes, and what that does to people and apps.
type Outcome struct {
	Changes []Change
	Rules   []RuleNote // changed rules that fit nobody
	forecast.Effects
}

// RuleNote says of a rule why it fits nobody.
type RuleNote struct {
	Rule string `json:"rule"`
	Text string `json:"text"`
}

// LockOutError: applying the document would lock people out.
type LockOutError struct{ Outcome Outcome }

func (e *LockOutError) Error() string {
	return model.Number(e.Outcome.LockedOut) + " of the people who can sign in today could not any more"
}

// errRehearsal ends the transaction of a rehearsal.
var errRehearsal = errors.New("this was a rehearsal")

// Rehearse says what ApplyUnlessLockedOut would do. It does it, and takes it back:
// so what is said is what would happen. While it lasts, whoever else changes the
// same rows waits.
func (d *Document) Rehearse(ctx context.Context, st *store.Store, actor model.Actor) (Outcome, error) {
	var o Outcome
	err := st.InTx(ctx, func(tx *store.Store) (err error) {
		if o, err = d.foreseen(ctx, tx, actor); err != nil {
			return err
		}
		return errRehearsal
	})
	if errors.Is(err, errRehearsal) {
		return o, nil
	}
	return o, err
}

// ApplyUnlessLockedOut is Apply with what it does to people. Where it would lock
// some out that is a *LockOutError and nothing has changed, unless that is
// accepted: then the audit says so.
func (d *Document) ApplyUnlessLockedOut(ctx context.Context, st *store.Store, actor model.Actor, accepted bool) (Outcome, error) {
	var o Outcome
	err := st.InTx(ctx, func(tx *store.Store) (err error) {
		if o, err = d.foreseen(ctx, tx, actor); err != nil || o.LockedOut == 0 {
			return err
		}
		if !accepted {
			return &LockOutError{o}
		}
		return tx.RecordAudit(ctx, actor, "config.lock_out_accepted", "", "People who could sign in and cannot any more: "+model.Number(o.LockedOut)+".")
	})
	if err != nil {
		return o, fmt.Errorf("apply the document: %w", err)
	}
	return o, nil
}

// foreseen carries the document out and compares what next sign-ins do before and
// after.
func (d *Document) foreseen(ctx context.Context, tx *store.Store, actor model.Actor) (o Outcome, err error) {
	at := time.Now()
	lf := forecast.Forecasts{Store: tx, Provider: provider, Now: func() time.Time { return at }}
	before, err := lf.Take(ctx)
	if err != nil {
		return o, err
	}
	if o.Changes, err = d.carryOut(ctx, tx, actor); err != nil {
		return o, err
	}
	after := before
	if len(o.Changes) > 0 {
		if after, err = lf.Take(ctx); err != nil {
			return o, err
		}
	}
	o.Effects = forecast.Compare(before, after)
	o.Rules, err = ruleNotes(ctx, tx, o.Changes)
	return o, err
}

// ruleNotes are about the rules that were made or changed.
func ruleNotes(ctx context.Context, tx *store.Store, changes []Change) ([]RuleNote, error) {
	changed := map[string]bool{}
	for _, c := range changes {
		changed[model.Key(c.Name)] = changed[model.Key(c.Name)] || c.Object == "rule"
	}
	all, err := tx.Rules(ctx)
	if err != nil {
		return nil, err
	}
	rules := slices.DeleteFunc(all, func(r model.Rule) bool { return !changed[model.Key(r.Name)] })
	if len(rules) == 0 {
		return nil, nil
	}
	connections, err := tx.Connections(ctx)
	if err != nil {
		return nil, err
	}
	configs := map[string]model.Config{}
	for _, c := range connections {
		if rev := c.Current(); rev != nil {
			configs[c.Slug] = rev.Config
		}
	}
	newest, err := tx.NewestPeople(ctx, slices.Sorted(maps.Keys(configs)))
	if err != nil {
		return nil, err
	}
	awsNames, err := tx.AWSGroupNamesOf(ctx, newest)
	var notes []RuleNote
	for _, r := range rules {
		if text := provision.Unfit(r, configs[r.Connection], newest[r.Connection], awsNames[r.Connection]); text != "" {
			notes = append(notes, RuleNote{r.Name, text})
		}
	}
	return notes, err
}

// provider reads AWS's metadata of a revision. Whether an address of this machine
// may be used in it is judged where people sign in.
func provider(rev *model.Revision) (*sso.IdentityProvider, error) {
	return sso.ParseMetadata([]byte(rev.Config.IdPMetadata), sso.MetadataOptions{Now: time.Now(), AllowLoopbackHTTP: true})
}
