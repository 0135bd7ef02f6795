package configdoc

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/postern-sso/postern/internal/forecast"
	"github.com/postern-sso/postern/internal/model"
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
	forecast.Effects
}

// LockOutError: applying the document would lock people out.
type LockOutError struct{ Outcome Outcome }

func (e *LockOutError) Error() string {
	return fmt.Sprintf("%d of the people who can sign in today could not any more", e.Outcome.LockedOut)
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
		return tx.RecordAudit(ctx, actor, "config.lock_out_accepted", "", fmt.Sprintf("People who could sign in and cannot any more: %d.", o.LockedOut))
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
	return o, nil
}

// provider reads AWS's metadata of a revision. Whether an address of this machine
// may be used in it is judged where people sign in.
func provider(rev *model.Revision) (*sso.IdentityProvider, error) {
	return sso.ParseMetadata([]byte(rev.Config.IdPMetadata), sso.MetadataOptions{Now: time.Now(), AllowLoopbackHTTP: true})
}
