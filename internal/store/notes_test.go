package store_test

import (
	"errors"
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
)

// What is noted for a request is what was committed for it, and nothing of others.
func TestNotedIsWhatWasCommitted(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	ctx, other := store.Noting(t.Context()), store.Noting(t.Context())
	broken := errors.New("broken")
	err := s.InTx(ctx, func(tx *store.Store) error {
		if _, err := tx.CreateGroup(ctx, storetest.Actor, model.Group{Name: "lost"}); err != nil {
			t.Fatal(err)
		}
		return broken
	})
	if !errors.Is(err, broken) || len(store.Noted(ctx)) > 0 {
		t.Errorf("%v, and noted of what was rolled back: %+v", err, store.Noted(ctx))
	}
	if _, err := s.CreateGroup(ctx, storetest.Actor, model.Group{Name: "staff"}); err != nil {
		t.Fatal(err)
	}
	for _, description := range []string{"who works here", "who works here"} {
		if _, err := s.UpdateGroup(ctx, storetest.Actor, "staff", func(g *model.Group) error { g.Description = description; return nil }); err != nil {
			t.Fatal(err)
		}
	}
	noted := store.Noted(ctx)
	if len(noted) != 2 || noted[0].Action != "group.create" || noted[1].Action != "group.update" || len(noted[1].Before) == 0 || len(noted[1].After) == 0 {
		t.Errorf("noted %+v", noted)
	}
	if len(store.Noted(other)) > 0 || store.Noted(t.Context()) != nil {
		t.Error("noted for somebody else")
	}
}
