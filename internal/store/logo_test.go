package store_test

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
)

func TestLogoIsReplacedAndRemoved(t *testing.T) {
	t.Parallel()
	ctx, st, actor := context.Background(), storetest.Open(t), model.Actor{Name: "test"}
	save := func(content string) string {
		t.Helper()
		err := st.SaveSettingsWithLogo(ctx, actor, []byte(content), func(set *store.Settings) error {
			set.TraceRetention = 0
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		set, err := st.Settings(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if set.TraceRetention != 0 {
			t.Errorf("the retention became %s", set.TraceRetention)
		}
		return set.LogoHash
	}
	first := save("one")
	if got, err := st.Logo(ctx, first); err != nil || !bytes.Equal(got, []byte("one")) {
		t.Errorf("stored %q: %v", got, err)
	}
	second := save("two")
	if _, err := st.Logo(ctx, first); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the first logo is still there: %v", err)
	}
	if got := save(""); got != "" {
		t.Errorf("the hash %q stays after the removal", got)
	}
	if _, err := st.Logo(ctx, second); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the removed logo is still there: %v", err)
	}
	entries, _, err := st.Audit(ctx, store.AuditQuery{Action: "settings.update"})
	if err != nil || len(entries) != 3 {
		t.Errorf("%d entries in the audit, want 3: %v", len(entries), err)
	}
}

func TestRetentionOfNothingStaysWhenSomethingElseChanges(t *testing.T) {
	t.Parallel()
	ctx, st, actor := context.Background(), storetest.Open(t), model.Actor{Name: "test"}
	for _, change := range []func(*store.Settings) error{
		func(set *store.Settings) error { set.TraceRetention = 0; return nil },
		func(set *store.Settings) error { set.ProductName = "Example"; return nil },
	} {
		if err := st.SaveSettings(ctx, actor, change); err != nil {
			t.Fatal(err)
		}
	}
	if set, err := st.Settings(ctx); err != nil || set.TraceRetention != 0 || set.ProductName != "Example" {
		t.Errorf("%+v: %v", set, err)
	}
}
