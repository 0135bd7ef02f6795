package store_test

import (
	"context"
	"errors"
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
)

func TestAppsAndTheirSecrets(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	st := storetest.Open(t)
	storetest.Group(t, st, "jira-users")
	app := model.App{Slug: "jira", Kind: model.AppOIDC, Name: "Jira", Product: "jira", Groups: []string{"Jira-Users"},
		RedirectURIs: []string{"https://jira.example.com/plugins/servlet/oidc/callback"}}
	if err := st.CreateApp(ctx, storetest.Actor, app); err != nil {
		t.Fatal(err)
	}
	if err := st.CreateApp(ctx, storetest.Actor, app); !errors.Is(err, store.ErrExists) {
		t.Errorf("a second one: %v", err)
	}
	got, err := st.App(ctx, "jira")
	if err != nil || len(got.Groups) != 1 || got.Groups[0] != "jira-users" || got.AllGroups {
		t.Errorf("%+v, %v", got, err)
	}
	got.Groups = []string{"nowhere"}
	if err := st.SaveApp(ctx, storetest.Actor, got); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("an unknown group: %v", err)
	}
	for i, want := range []error{nil, nil, store.ErrTooManySecrets} {
		if err := st.AddAppSecret(ctx, storetest.Actor, "jira", "hash", "ab12"); !errors.Is(err, want) {
			t.Errorf("secret %d: %v, want %v", i+1, err, want)
		}
	}
	secrets, err := st.AppSecrets(ctx, "jira")
	if err != nil || len(secrets) != store.MaxAppSecrets {
		t.Fatalf("%d secrets, %v", len(secrets), err)
	}
	if err := st.DeleteAppSecret(ctx, storetest.Actor, "another", secrets[0].ID); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a secret of another app: %v", err)
	}
	if err := st.DeleteAppSecret(ctx, storetest.Actor, "jira", secrets[0].ID); err != nil {
		t.Error(err)
	}
}
