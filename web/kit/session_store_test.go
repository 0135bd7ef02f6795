package kit_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/web/kit"
	"github.com/postern-sso/postern/web/webtest"
)

// sessionRow is the one session there is: which write made the row, and in how long it ends.
func sessionRow(t *testing.T, st *store.Store) (version string, left time.Duration) {
	t.Helper()
	var seconds float64
	if err := st.Pool().QueryRow(context.Background(), "select xmin::text || ctid::text, extract(epoch from expiry - now())::float8 from sessions").
		Scan(&version, &seconds); err != nil {
		t.Fatal(err)
	}
	return version, time.Duration(seconds * float64(time.Second))
}

// endIn makes the one session end after a while, as if its last use was long ago.
func endIn(t *testing.T, st *store.Store, left time.Duration) {
	t.Helper()
	if _, err := st.Pool().Exec(context.Background(), "update sessions set expiry = now() + make_interval(secs => $1)", left.Seconds()); err != nil {
		t.Fatal(err)
	}
}

func isAbout(d, want time.Duration) bool { return (d - want).Abs() < 30*time.Second }

// Looking at pages writes the session once a minute, not each time; the time
// without a click is counted from the last look all the same.
func TestAPageViewWritesTheSessionOnceAMinute(t *testing.T) {
	t.Parallel()
	st := storetest.OpenPool(t)
	s := webtest.NewSiteOn(t, st)
	s.SignInAs(model.RoleOwner)
	s.Get("/users").Want(t, http.StatusOK)
	begun, left := sessionRow(t, st)
	if !isAbout(left, kit.AdminIdle) {
		t.Errorf("after the sign-in it ends in %v", left)
	}
	for range 3 {
		s.Get("/users").Want(t, http.StatusOK)
	}
	if after, _ := sessionRow(t, st); after != begun {
		t.Error("a page view wrote the session")
	}
	endIn(t, st, kit.AdminIdle-2*time.Minute)
	s.Get("/users").Want(t, http.StatusOK)
	if _, left := sessionRow(t, st); !isAbout(left, kit.AdminIdle) {
		t.Errorf("a look after two minutes leaves %v", left)
	}
	endIn(t, st, -time.Second)
	s.Get("/users").Want(t, http.StatusSeeOther)
}

// However often it is used, a session ends with its lifetime.
func TestASessionInUseEndsWithItsLifetime(t *testing.T) {
	t.Parallel()
	st := storetest.OpenPool(t)
	s := webtest.NewSiteOn(t, st)
	s.SignInAs(model.RoleOwner)
	var data []byte
	if err := st.Pool().QueryRow(context.Background(), "select data from sessions").Scan(&data); err != nil {
		t.Fatal(err)
	}
	_, values, err := s.Admins.Codec.Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	data, err = s.Admins.Codec.Encode(time.Now().Add(time.Hour), values)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := st.Pool().Exec(context.Background(), "update sessions set data = $1, expiry = now() + interval '10 minutes'", data); err != nil {
		t.Fatal(err)
	}
	s.Get("/users").Want(t, http.StatusOK)
	if _, left := sessionRow(t, st); !isAbout(left, time.Hour) {
		t.Errorf("with an hour of its lifetime left, it ends in %v", left)
	}
}
