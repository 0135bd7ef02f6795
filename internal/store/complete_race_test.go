package store_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
)

// waits tells that somebody waits for a lock in the store's database, or that
// done was closed without that.
func waits(t testing.TB, st *store.Store, done <-chan struct{}) bool {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for {
		var waiting bool
		err := st.Pool().QueryRow(ctx, `select exists (select from pg_stat_activity
			where datname = current_database() and wait_event_type = 'Lock')`).Scan(&waiting)
		if err != nil {
			t.Error(err)
			return false
		}
		if waiting {
			return true
		}
		select {
		case <-done:
			return false
		case <-time.After(time.Millisecond): // ask again; nothing tells when it begins to wait
		}
	}
}

// While a login is decided, nobody changes the user whom it is about: neither who
// is recognized nor who has the username.
func TestUserHoldsStillDuringALogin(t *testing.T) {
	t.Parallel()
	for name, p := range map[string]model.Person{
		"recognized":   {IdPEntityID: "https://idp.example", NameID: "ana@example.com", Username: "another"},
		"by the name":  {IdPEntityID: "https://idp.example", NameID: "other@example.com", Username: "ana"},
		"for both":     person("ana"),
		"by their key": {IdPEntityID: "https://idp.example", NameID: "other@example.com", Username: "ANA"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := context.Background()
			st := storetest.OpenPool(t)
			c := storetest.LiveConnection(t, st, "aws", nil)
			u := signsIn(t, st, c, person("ana"), nil)
			comp, changed := started(t, st, c, p, "_a2"), make(chan struct{})
			comp.Decide = func(model.Known) model.Decision {
				go func() {
					defer close(changed)
					_, err := st.UpdateUser(ctx, storetest.Actor, "ana", func(u *model.User) error { u.Active = false; return nil })
					if err != nil {
						t.Error(err)
					}
				}()
				if !waits(t, st, changed) {
					t.Error("the user was deactivated while the login was decided")
				}
				return model.Decision{Action: model.UserKept, User: u}
			}
			if _, _, err := st.CompleteLogin(ctx, comp); err != nil {
				t.Error(err)
			}
			<-changed
		})
	}
}

// The second of two first logins of a person is decided when the first is done.
func TestLoginsOfOneUsernameWaitForEachOther(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	st := storetest.OpenPool(t)
	c := storetest.LiveConnection(t, st, "aws", nil)
	first, second := started(t, st, c, person("ana"), "_a1"), started(t, st, c, person("ANA"), "_a2")
	second.Person.NameID = first.Person.NameID
	done, decided := make(chan struct{}), make(chan struct{})
	var begun, asked sync.Once // a login may be decided anew
	decide := createsUser(first.Person)
	second.Decide = func(k model.Known) model.Decision {
		asked.Do(func() { close(decided) })
		return decide(k)
	}
	first.Decide = func(k model.Known) model.Decision {
		begun.Do(func() {
			go func() {
				defer close(done)
				if l, u, err := st.CompleteLogin(ctx, second); err != nil || l.Refusal != nil || u.Username != "ana" {
					t.Errorf("the second: %q, %+v, %v", u.Username, l.Refusal, err)
				}
			}()
			if !waits(t, st, decided) {
				t.Error("both are decided at once")
			}
		})
		return decide(k)
	}
	if _, _, err := st.CompleteLogin(ctx, first); err != nil {
		t.Error(err)
	}
	<-done
}

// Who was faster in making the user wins, and the login is decided anew; but not
// for ever.
func TestLoginIsDecidedAnewWhenSomebodyWasFaster(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	st := storetest.OpenPool(t)
	c := storetest.LiveConnection(t, st, "aws", nil)
	comp := started(t, st, c, person("ana"), "_a1")
	decide, times := comp.Decide, 0
	comp.Decide = func(k model.Known) model.Decision {
		if times++; times == 1 {
			storetest.User(t, st, "ana")
		}
		return decide(k)
	}
	l, _, err := st.CompleteLogin(ctx, comp)
	if err != nil || times != 2 || l.Refusal == nil || l.Refusal.Code != model.CodeUsernameTaken {
		t.Errorf("decided %d times: %+v, %v", times, l.Refusal, err)
	}

	stubborn := started(t, st, c, person("ana"), "_a2")
	times = 0
	stubborn.Decide = func(model.Known) model.Decision {
		if times++; times > 10 {
			return model.Decision{Refusal: &model.Refusal{Code: model.CodeInternal}}
		}
		return decide(model.Known{})
	}
	if _, _, err := st.CompleteLogin(ctx, stubborn); err == nil || times != 5 {
		t.Errorf("a login that cannot work was tried %d times: %v", times, err)
	}
	if seen, err := st.AssertionSeen(ctx, c.Slug, "_a2"); err != nil || seen {
		t.Errorf("its assertion is used up: %v", err)
	}
}
