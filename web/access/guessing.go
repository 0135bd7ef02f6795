package access

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/alexedwards/argon2id"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/throttle"
	"github.com/postern-sso/postern/web/kit"
)

// Limits of wrong passwords within failureWindow. An address may stand for a
// whole company, an account for one person.
const (
	failureWindow      = 15 * time.Minute
	failuresOfAccount  = 10
	failuresOfAddress  = 50
	failuresOfBrowser  = 10
	auditedFailureText = "Further attempts are refused for a while; they are not listed one by one."
)

// hashesAtOnce is how many passwords are hashed at the same time, each with 64
// MiB; the others wait, but not for ever.
const (
	hashesAtOnce = 2
	hashWait     = 20 * time.Second
)

var hashing = make(chan struct{}, hashesAtOnce) //nolint:gochecknoglobals // memory belongs to the process

// withHash runs f, which hashes a password, when it is its turn.
func withHash(ctx context.Context, f func() error) error {
	ctx, cancel := context.WithTimeout(ctx, hashWait)
	defer cancel()
	select {
	case hashing <- struct{}{}:
		defer func() { <-hashing }()
		return f()
	case <-ctx.Done():
		return errors.Join(kit.ErrBusy, ctx.Err())
	}
}

// passwordMatches compares a password with an argon2id hash.
func passwordMatches(ctx context.Context, password, hash string) (match bool, err error) {
	err = withHash(ctx, func() (err error) {
		match, err = argon2id.ComparePasswordAndHash(password, hash)
		return err
	})
	return match, err
}

// try is an attempt at somebody's password, passkey or recovery code.
type try struct {
	attempt throttle.Attempt
	object  string // the account for the audit; empty: none that is known
}

// beginTry counts a try at an account. wait is how long it is refused for without being
// judged; zero: it may be judged.
func (rm *Room) beginTry(r *http.Request, a model.Administrator) (t try, wait time.Duration, err error) {
	limits, err := rm.tryLimits(r, a)
	if err != nil {
		return t, 0, err
	}
	if a.ID != 0 {
		t.object = a.Email
	}
	t.attempt, err = rm.Guesses.Begin(r.Context(), limits...)
	return t, t.attempt.Wait, err
}

// tryLimits are what a try counts for. A browser that signed in to the account
// before is counted by itself: whoever guesses from elsewhere, or from behind the
// same address, does not lock it out. An account that does not exist is counted
// like any other.
func (rm *Room) tryLimits(r *http.Request, a model.Administrator) ([]throttle.Limit, error) {
	if token := rm.KnownBrowser(r); token != "" && a.ID != 0 {
		known, err := rm.Store.IsKnownBrowser(r.Context(), a.ID, token)
		if err != nil {
			return nil, err
		}
		if known {
			return []throttle.Limit{{Key: "browser\n" + token + "\n" + a.AttemptKey(), Most: failuresOfBrowser}}, nil
		}
	}
	limits := []throttle.Limit{{Key: "address\n" + model.NetworkOf(rm.RemoteAddr(r)), Most: failuresOfAddress}}
	if a.Email == "" {
		return limits, nil
	}
	return append(limits, throttle.Limit{Key: a.AttemptKey(), Most: failuresOfAccount}), nil
}

// accountNamed is the account with that email, or one without an id when there
// is none: for counting tries at it.
func (rm *Room) accountNamed(ctx context.Context, email string) (model.Administrator, error) {
	a, err := rm.Store.AdministratorByEmail(ctx, email)
	if errors.Is(err, store.ErrNotFound) || (err == nil && a.ThroughAWS()) {
		return model.Administrator{Email: email}, nil
	}
	return a, err
}

// tryWorked takes a try back that was right.
func (rm *Room) tryWorked(r *http.Request, t try) error {
	return rm.Guesses.TakeBack(r.Context(), t.attempt)
}

// tryFailed leaves a try counted, and puts one line into the audit when
// further ones begin to be refused.
func (rm *Room) tryFailed(r *http.Request, t try) error {
	rm.Log.WarnContext(r.Context(), "console sign-in refused", "remote", rm.RemoteAddr(r))
	if !t.attempt.Reached {
		return nil
	}
	// Of an account that is not known, what was typed may be anything, a password even.
	return rm.Store.RecordAudit(r.Context(), model.Actor{Name: "nobody", RemoteAddr: rm.RemoteAddr(r)}, "administrator.sign_in_refused",
		t.object, auditedFailureText)
}
