package store_test

import (
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
)

// The evidence counts what happened on a connection, by reason and by whether
// AWS's signature was good, since the last success, and leaves tests out.
func TestSignInEvidence(t *testing.T) {
	t.Parallel()
	st := storetest.Open(t)
	storetest.LiveConnection(t, st, "aws", nil)
	storetest.LiveConnection(t, st, "other", nil)
	now := time.Date(2026, 11, 30, 11, 0, 0, 0, time.UTC)
	add := func(before time.Duration, change func(*model.Login)) {
		t.Helper()
		l := model.Login{ID: store.NewLoginID(), Connection: "aws", StartedAt: now.Add(-before - 10*time.Second), FinishedAt: now.Add(-before),
			Outcome: model.OutcomeSignedIn, Verified: true, RemoteAddr: "192.0.2.1"}
		change(&l)
		if _, err := st.SaveLogin(t.Context(), l); err != nil {
			t.Fatal(err)
		}
	}
	refused := func(code model.Code, verified bool, who string) func(*model.Login) {
		return func(l *model.Login) {
			l.Outcome, l.Verified, l.Username = model.OutcomeRefused, verified, who
			l.Refusal = &model.Refusal{Code: code, Cause: model.CauseUserUnknown, Received: "AA:BB"}
		}
	}
	signedIn := func(*model.Login) {}
	add(25*time.Hour, refused(model.CodeUserUnknown, true, "ana"))
	for _, days := range []time.Duration{1, 7} { // at this hour
		for range 2 + days {
			add(days*24*time.Hour+30*time.Minute, signedIn)
		}
	}
	add(2*time.Hour, signedIn)
	add(90*time.Minute, signedIn) // the last success
	add(3*time.Hour, refused(model.CodeUserUnknown, true, "ana"))
	add(80*time.Minute, refused(model.CodeUserUnknown, true, "ana"))
	add(50*time.Minute, refused(model.CodeUserUnknown, true, "ben"))
	add(40*time.Minute, refused(model.CodeUserUnknown, true, "ben"))
	add(30*time.Minute, refused(model.CodeCertificateUnknown, false, ""))
	add(20*time.Minute, func(l *model.Login) { l.Test = true })
	add(20*time.Minute, func(l *model.Login) { refused(model.CodeExpired, true, "ana")(l); l.Test = true })
	add(10*time.Minute, func(l *model.Login) { l.Outcome, l.FinishedAt = model.OutcomePending, time.Time{} })
	add(10*time.Minute, func(l *model.Login) { l.Connection = "other" })
	add(10*time.Second, func(l *model.Login) { l.Outcome, l.FinishedAt = model.OutcomePending, time.Time{} }) // may come back yet

	all, err := st.SignInEvidence(t.Context(), "", now)
	if err != nil || len(all) != 2 {
		t.Fatalf("%d connections, %v", len(all), err)
	}
	e := all[0]
	if e.Connection != "aws" || !e.LastSuccess.Equal(now.Add(-90*time.Minute)) || e.Hour != 0 || e.Day != 2 || e.UsualThisHour != 3 ||
		e.UsualSignedIn != 12 || e.UsualRefused != 1 || e.Unanswered.Hour != 1 || e.Unanswered.Day != 1 || e.Unanswered.Since != 1 {
		t.Errorf("of the connection: %+v", e)
	}
	if len(e.Refusals) != 2 {
		t.Fatalf("reasons: %+v", e.Refusals)
	}
	for _, r := range e.Refusals {
		switch r.Code {
		case model.CodeUserUnknown:
			if !r.Verified || r.Hour != 2 || r.Day != 4 || r.Since != 3 || r.People != 2 || !r.FirstAt.Equal(now.Add(-80*time.Minute)) ||
				!r.LastAt.Equal(now.Add(-40*time.Minute)) || r.LastLogin == "" || r.Received != nil || r.Cause != model.CauseUserUnknown {
				t.Errorf("%+v", r)
			}
		case model.CodeCertificateUnknown:
			if r.Verified || r.Since != 1 || len(r.Received) != 1 || r.Received[0] != "AA:BB" {
				t.Errorf("%+v", r)
			}
		default:
			t.Errorf("counted %s", r.Code)
		}
	}
	if other := all[1]; other.Hour != 1 || len(other.Refusals) != 0 {
		t.Errorf("of another connection: %+v", other)
	}
	if one, err := st.SignInEvidence(t.Context(), "other", now); err != nil || len(one) != 1 || one[0].Connection != "other" {
		t.Errorf("of one: %+v, %v", one, err)
	}
}

// An app that reads memberships alone has not synchronized everything with nobody
// in it; how long it usually waits is learned.
func TestWhatAnAppReadIsToldApart(t *testing.T) {
	t.Parallel()
	st := storetest.Open(t)
	if err := st.CreateApp(t.Context(), storetest.Actor, model.App{Slug: "jira", Kind: model.AppCrowd, Name: "Jira", AllGroups: true}); err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 30, 11, 0, 0, 0, time.UTC)
	ask := func(later time.Duration, kind string, first bool, entries int) model.CrowdActivity {
		t.Helper()
		at = at.Add(later)
		if err := st.NoteCrowdRequest(t.Context(), model.CrowdRequest{App: "jira", At: at, Kind: kind, First: first, Status: 200, Entries: entries}); err != nil {
			t.Fatal(err)
		}
		a, err := st.AppEvidence(t.Context(), "jira")
		if err != nil || len(a) != 1 {
			t.Fatalf("%d apps, %v", len(a), err)
		}
		if a[0].Newest.Status != 200 || !a[0].Newest.At.Equal(at) {
			t.Errorf("the newest request: %+v", a[0].Newest)
		}
		return a[0].Directory
	}
	if a := ask(0, model.CrowdMemberships, true, 7); !a.FullEndedAt.IsZero() || !a.FullBeganAt.IsZero() || a.FullMemberships != 0 || !a.MembershipsAt.Equal(at) {
		t.Errorf("memberships alone, first of all: %+v", a)
	}
	ask(time.Hour, model.CrowdUsers, true, 5)
	if a := ask(time.Second, model.CrowdGroups, true, 2); !a.FullEndedAt.IsZero() {
		t.Errorf("without memberships: %+v", a)
	}
	if a := ask(time.Second, model.CrowdMemberships, true, 2); !a.FullEndedAt.Equal(at) || a.FullUsers != 5 || a.FullGroups != 2 || a.FullMemberships != 2 {
		t.Errorf("a full one: %+v", a)
	}
	full := at
	if a := ask(30*time.Minute, model.CrowdMemberships, true, 9); !a.FullEndedAt.Equal(full) || a.FullMemberships != 2 || !a.SyncedAt.Equal(full) {
		t.Errorf("memberships alone, later: %+v", a)
	}
	if a := ask(30*time.Minute, model.CrowdEvents, true, 1); a.UsualWait != time.Hour || !a.SyncedAt.Equal(at) {
		t.Errorf("after an hour: %+v", a)
	}
	if a := ask(100*time.Hour, model.CrowdEvents, true, 1); a.UsualWait != 105*time.Minute {
		t.Errorf("one long wait makes the usual %s", a.UsualWait)
	}
}
