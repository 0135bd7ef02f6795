package kit

import (
	"context"
	"time"

	"github.com/postern-sso/postern/internal/store"
)

// sessionTime is what keeping or ending a session may take: it is done although the
// browser has gone away meanwhile.
const sessionTime = 5 * time.Second

// sessionStore is PostgreSQL as scs wants it. A session is looked for no longer than its
// request may take.
type sessionStore struct{ db *store.Store }

func (s sessionStore) FindCtx(ctx context.Context, token string) ([]byte, bool, error) {
	return s.db.Session(ctx, token)
}

func (s sessionStore) CommitCtx(ctx context.Context, token string, data []byte, ends time.Time) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), sessionTime)
	defer cancel()
	return s.db.SaveSession(ctx, token, data, ends)
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

func (s sessionStore) Commit(token string, data []byte, ends time.Time) error {
	return s.CommitCtx(context.Background(), token, data, ends)
}

func (s sessionStore) Delete(token string) error { return s.DeleteCtx(context.Background(), token) }
