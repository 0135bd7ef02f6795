package kit

import (
	"context"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/postern-sso/postern/internal/store"
)

// sessionTime is what keeping or ending a session may take: it is done although the
// browser has gone away meanwhile.
const sessionTime = 5 * time.Second

// seenEvery is how often it is noted that a session is in use.
const seenEvery = time.Minute

// sessionStore is PostgreSQL as scs wants it. A session is looked for no longer than its
// request may take. It ends idle after its last use, or up to a minute less: with scs's
// own IdleTimeout each page view would write the whole session, and undo what another
// request has just changed in it.
type sessionStore struct {
	db    *store.Store
	idle  time.Duration // zero: only its lifetime ends it
	codec scs.Codec
}

func (s sessionStore) FindCtx(ctx context.Context, token string) ([]byte, bool, error) {
	data, ends, found, err := s.db.Session(ctx, token)
	if err == nil && found && s.idle > 0 {
		err = s.seen(ctx, token, data, ends)
	}
	return data, found, err
}

// seen moves the end of a session that is in use, but not beyond its lifetime.
func (s sessionStore) seen(ctx context.Context, token string, data []byte, ends time.Time) error {
	now := time.Now()
	if ends.Sub(now) > s.idle-seenEvery {
		return nil
	}
	lifetime, _, err := s.codec.Decode(data)
	if err != nil {
		return err
	}
	if to := s.end(now, lifetime); to.After(ends) {
		return s.db.ProlongSession(ctx, token, to)
	}
	return nil
}

// end is when a session ends that is used at a time, if it is not used again.
func (s sessionStore) end(now, lifetime time.Time) time.Time {
	if at := now.Add(s.idle); s.idle > 0 && at.Before(lifetime) {
		return at
	}
	return lifetime
}

func (s sessionStore) CommitCtx(ctx context.Context, token string, data []byte, lifetime time.Time) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), sessionTime)
	defer cancel()
	return s.db.SaveSession(ctx, token, data, s.end(time.Now(), lifetime))
}

func (s sessionStore) DeleteCtx(ctx context.Context, token string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), sessionTime)
	defer cancel()
	return s.db.DeleteSession(ctx, token)
}

// What follows is there for the interface; scs calls what has a context.

func (s sessionStore) Find(token string) ([]byte, bool, error) {
	return s.FindCtx(context.Background(), token)
}

func (s sessionStore) Commit(token string, data []byte, lifetime time.Time) error {
	return s.CommitCtx(context.Background(), token, data, lifetime)
}

func (s sessionStore) Delete(token string) error { return s.DeleteCtx(context.Background(), token) }
