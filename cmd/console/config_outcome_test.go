package main

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/web/webtest"
)

// A plan says what it does to people, for people and for programs; apply changes
// nothing where people are locked out, unless that is allowed.
func TestConfigForecasts(t *testing.T) {
	t.Parallel()
	s := &site{dir: t.TempDir(), databaseURL: storetest.Database(t)}
	st, err := store.Open(t.Context(), s.databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(st.Close)
	storetest.LiveConnection(t, st, "aws", func(c *model.Config) {
		c.Name, c.IdPMetadata = "AWS", webtest.AwsMetadata()
		c.Attributes = model.AttributeMap{Username: model.AttributeSubject, Email: "email"}
	})
	for _, name := range []string{"ana", "bo"} {
		storetest.User(t, st, name)
	}
	file := s.write(t, "suspend.yaml", []byte("version: 1\nconnections: [{slug: aws, status: suspended}]\n"))
	code, out, errs := command(t, "config", "plan", file, "--database-url", s.databaseURL)
	if code != 2 || errs != "" || !strings.HasPrefix(out, "connection aws: status live → suspended\npeople: 2 people: locked out (") ||
		!strings.HasSuffix(out, ") through aws: ana, bo\n") {
		t.Errorf("plan: exit %d, %s%s", code, out, errs)
	}
	code, out, errs = command(t, "config", "plan", file, "--json", "--database-url", s.databaseURL)
	var plan struct {
		Changes []struct{ Object, Key, From, To string }
		People  []struct{ Username, Connection, Effect, Code, From, To string }
		Apps    []struct{ Slug, Effect string }
		Locked  int `json:"locked_out"`
	}
	if err := json.Unmarshal([]byte(out), &plan); err != nil || code != 2 || errs != "" {
		t.Fatalf("plan --json: exit %d, %v: %s%s", code, err, out, errs)
	}
	if len(plan.Changes) != 1 || plan.Changes[0].Object != "connection aws" || plan.Changes[0].Key != "status" || plan.Changes[0].To != "suspended" ||
		len(plan.People) != 2 || plan.People[0].Effect != "locked_out" || plan.People[0].Code != "connection_not_live" || plan.Locked != 2 || plan.Apps == nil {
		t.Errorf("plan --json: %+v", plan)
	}
	code, out, errs = command(t, "config", "apply", file, "--database-url", s.databaseURL)
	wantFailure(t, code, out, errs, "nothing was changed", "2 of the people", "--allow-lock-out", "ana, bo")
	if c, err := st.Connection(context.Background(), "aws"); err != nil || c.Status != model.StatusLive {
		t.Fatalf("the connection is %s, %v", c.Status, err)
	}
	if code, out, errs = command(t, "config", "apply", file, "--allow-lock-out", "--database-url", s.databaseURL); code != 0 {
		t.Fatalf("apply --allow-lock-out: exit %d, %s%s", code, out, errs)
	}
	code, out, _ = command(t, "config", "plan", file, "--json", "--database-url", s.databaseURL)
	if err := json.Unmarshal([]byte(out), &plan); err != nil || code != 0 || len(plan.Changes) != 0 || !strings.Contains(out, `"people": []`) {
		t.Errorf("nothing to do: exit %d, %s", code, out)
	}
}
