package store_test

import (
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
)

func TestLoginDaysCountWhatEnded(t *testing.T) {
	t.Parallel()
	st := storetest.Open(t)
	ctx := t.Context()
	day := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	save := func(change func(*model.Login)) model.Login {
		t.Helper()
		l := model.Login{ID: store.NewLoginID(), Connection: "aws", StartedAt: day.Add(time.Hour), FinishedAt: day.Add(time.Hour), Outcome: model.OutcomeSignedIn}
		change(&l)
		saved, err := st.SaveLogin(ctx, l)
		if err != nil {
			t.Fatal(err)
		}
		return saved
	}
	refused := func(code model.Code) func(*model.Login) {
		return func(l *model.Login) { l.Outcome, l.Refusal = model.OutcomeRefused, &model.Refusal{Code: code} }
	}
	storetest.Connection(t, st, "aws", nil)
	storetest.Connection(t, st, "other", nil)
	save(func(*model.Login) {})
	save(func(l *model.Login) { l.StartedAt = day.Add(-time.Second) })
	save(func(l *model.Login) { l.Connection = "other" })
	save(func(l *model.Login) { l.Test = true })
	save(refused(model.CodeExpired))
	save(refused(model.CodeExpired))
	save(refused(model.CodeReplayed))
	pending := save(func(l *model.Login) { l.Outcome, l.FinishedAt = model.OutcomePending, time.Time{} })

	want := func(connection string, since time.Time, days ...store.LoginDay) {
		t.Helper()
		got, err := st.LoginDays(ctx, connection, since)
		if err != nil || len(got) != len(days) {
			t.Fatalf("got %+v, %v; want %+v", got, err, days)
		}
		for i := range got {
			if !got[i].Day.Equal(days[i].Day) || got[i].Outcome != days[i].Outcome || got[i].Code != days[i].Code || got[i].Count != days[i].Count {
				t.Errorf("got %+v, want %+v", got[i], days[i])
			}
		}
	}
	expired := store.LoginDay{Day: day, Outcome: model.OutcomeRefused, Code: model.CodeExpired, Count: 2}
	replayed := store.LoginDay{Day: day, Outcome: model.OutcomeRefused, Code: model.CodeReplayed, Count: 1}
	signedIn := func(at time.Time, n int) store.LoginDay {
		return store.LoginDay{Day: at, Outcome: model.OutcomeSignedIn, Count: n}
	}
	want("", day, expired, replayed, signedIn(day, 2))
	want("aws", day.AddDate(0, 0, -1), signedIn(day.AddDate(0, 0, -1), 1), expired, replayed, signedIn(day, 1))
	want("nothing", day)

	// A pending login counts once, when it ends. A second answer to it is a
	// trace of its own.
	pending.Outcome, pending.FinishedAt = model.OutcomeSignedIn, day.Add(2*time.Hour)
	if _, err := st.SaveLogin(ctx, pending); err != nil {
		t.Fatal(err)
	}
	want("aws", day, expired, replayed, signedIn(day, 2))
	if _, err := st.SaveLogin(ctx, pending); err != nil {
		t.Fatal(err)
	}
	want("aws", day, expired, replayed, signedIn(day, 3))
}
