package store_test

import (
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
)

// The evidence tells of users whom AWS described otherwise from sign-in to
// sign-in, in their order, and of the newest sign-in; tests are left out.
func TestEvidenceTellsWhoCameAsOneUser(t *testing.T) {
	t.Parallel()
	st := storetest.Open(t)
	storetest.LiveConnection(t, st, "aws", nil)
	now := time.Date(2026, 11, 30, 11, 0, 0, 0, time.UTC)
	ids := map[string]string{}
	for _, name := range []string{"everybody", "carla", "dan"} {
		u, err := st.CreateUser(t.Context(), storetest.Actor, model.User{Username: name, Active: true}, nil)
		if err != nil {
			t.Fatal(err)
		}
		ids[name] = u.ID
	}
	came := func(before time.Duration, user, email string, test bool) {
		t.Helper()
		_, err := st.SaveLogin(t.Context(), model.Login{ID: store.NewLoginID(), Connection: "aws", StartedAt: now.Add(-before), FinishedAt: now.Add(-before),
			Outcome: model.OutcomeSignedIn, Verified: true, Test: test, UserID: ids[user], Username: user,
			Person: &model.Person{NameID: user, Username: user, Email: email, Attributes: map[string][]string{"cost": {"12"}}}})
		if err != nil {
			t.Fatal(err)
		}
	}
	came(8*24*time.Hour, "dan", "old@example.com", false) // too long ago
	for i, email := range []string{"ana@example.com", "Ana@example.com", "ben@example.com", "ana@example.com"} {
		came(time.Duration(10-i)*time.Hour, "everybody", email, false)
		came(time.Duration(10-i)*time.Hour-time.Minute, "carla", "carla@example.com", false)
	}
	came(2*time.Hour, "everybody", "test@example.com", true)
	came(time.Hour, "dan", "dan@example.com", false)
	all, err := st.SignInEvidence(t.Context(), "aws", now)
	if err != nil || len(all) != 1 {
		t.Fatalf("%d connections, %v", len(all), err)
	}
	e := all[0]
	var emails []string
	for _, turn := range e.Turns {
		emails = append(emails, turn.Person.Email)
		if turn.User != ids["everybody"] || turn.Login == "" || len(turn.Person.Attributes) != 1 {
			t.Errorf("%+v", turn)
		}
	}
	if len(emails) != 3 || emails[0] != "ana@example.com" || emails[1] != "ben@example.com" || emails[2] != "ana@example.com" ||
		!e.Turns[0].At.Equal(now.Add(-10*time.Hour)) {
		t.Errorf("the turns: %v", emails)
	}
	if e.Newest.User != ids["dan"] || e.Newest.Person.Email != "dan@example.com" || !e.Newest.At.Equal(now.Add(-time.Hour)) {
		t.Errorf("the newest: %+v", e.Newest)
	}
}
