package access_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/web/access"
	"github.com/postern-sso/postern/web/kit"
	"github.com/postern-sso/postern/web/webtest"
)

// Bad passkeys, and guesses at passwords, keep no good passkey out that comes
// from the same address in a browser that nobody knows; an empty email is
// nobody's.
func TestRow20BadPasskeysLockNobodyOut(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleOwner)
	a, err := s.Store.AdministratorByEmail(t.Context(), "owner@example.com")
	if err != nil {
		t.Fatal(err)
	}
	own := s.Client
	s.Client = s.Browser()
	for range access.FailuresOfAddress + 1 {
		s.Post(paths.SignInPasskey, url.Values{"credential": {"{}"}}).Want(t, http.StatusUnprocessableEntity)
	}
	s.TryPassword(a.Email, webtest.TestPassword).Want(t, http.StatusSeeOther)
	k := s.GivePasskey(a)
	for i := range access.FailuresOfAddress {
		if err := s.Access.Guesses.Failed(t.Context(), "address\n127.0.0.1"); err != nil {
			t.Fatal(i, err)
		}
	}
	s.Client = s.Browser()
	s.TryPassword(a.Email, webtest.TestPassword).Want(t, http.StatusTooManyRequests)
	s.UsePasskey(k, paths.SignInPasskey, nil).Want(t, http.StatusSeeOther)
	s.Get(paths.Users).Want(t, http.StatusOK)
	s.Client = own
	s.Post(paths.SignOut, nil)
	s.TryPassword(a.Email, webtest.TestPassword).Want(t, http.StatusOK).Has(t, "main", "Now your passkey")
}

// Whoever floods the sign-in holds up strangers at the same address, and not the
// browsers in which somebody signed in before. To say that one is such a browser
// is not enough.
func TestRow20FloodsLockNoKnownBrowserOut(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleOwner)
	a, err := s.Store.AdministratorByEmail(t.Context(), "owner@example.com")
	if err != nil {
		t.Fatal(err)
	}
	k := s.GivePasskey(a)
	own := s.Client
	s.Post(paths.SignOut, nil)
	s.Client = s.Browser()
	for _, path := range []string{paths.SignIn, paths.SignInPasskey, paths.PasskeyOptions, paths.SignInSecond} {
		flooded := false
		for i := 0; i < 3*access.SignInsPerMinute && !flooded; i++ { // a minute may turn meanwhile
			s.ClaimToBeKnown(fmt.Sprintf("%026d", i))
			res := s.Post(path, url.Values{"email": {a.Email}, "password": {"guess"}})
			flooded = res.Status == http.StatusTooManyRequests && strings.Contains(res.Text(), "Wait a minute")
		}
		if !flooded {
			t.Errorf("%s goes on answering", path)
		}
	}
	s.Client = own
	s.TryPassword(a.Email, webtest.TestPassword).Want(t, http.StatusOK)
	s.UsePasskey(k, paths.SignInSecond, nil).Want(t, http.StatusSeeOther)
	s.Post(paths.SignOut, nil)
	s.UsePasskey(k, paths.SignInPasskey, nil).Want(t, http.StatusSeeOther)
	s.Get(paths.Users).Want(t, http.StatusOK)
}

// Guesses at what is typed as email do not touch who comes through AWS under that
// name.
func TestRow20GuessesDoNotReachWhoComesThroughAWS(t *testing.T) {
	t.Parallel()
	s, u := newAWSAdminSite(t)
	a, err := s.Store.AdministratorOfUser(t.Context(), storetest.Actor, u)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Store.AddPasskey(t.Context(), storetest.Actor, a, model.Passkey{ID: []byte("k"), Name: "k", Credential: []byte("{}")}); err != nil {
		t.Fatal(err)
	}
	codes, hashes := access.NewRecoveryCodes()
	if err := s.Store.SetRecoveryCodes(t.Context(), storetest.Actor, a, hashes); err != nil {
		t.Fatal(err)
	}
	own := s.Client
	s.Client = s.Browser()
	for range access.FailuresOfAccount {
		s.TryPassword(u.Username, "guess").Want(t, http.StatusUnprocessableEntity)
		s.TryPassword("user\n"+u.ID, "guess").Want(t, http.StatusUnprocessableEntity)
	}
	s.Client = own
	s.Get(paths.SignInAWS).Want(t, http.StatusOK).Has(t, "main", "passkey")
	s.Post(paths.SignInSecond, url.Values{"code": {codes[0]}}).Want(t, http.StatusSeeOther)
	s.Get(paths.Users).Want(t, http.StatusOK)
}

// One host may use every address of an IPv6 /64.
func TestRow20GuessesFromOneNetworkAreCounted(t *testing.T) {
	t.Parallel()
	s := webtest.NewSite(t)
	for i := range access.FailuresOfAddress {
		if status := s.AttemptFrom(fmt.Sprintf("[2001:db8:1:2::%x]:1", i+1), fmt.Sprintf("a%d@example.com", i), "x"); status != http.StatusUnprocessableEntity {
			t.Fatalf("guess %d answered %d", i, status)
		}
	}
	if status := s.AttemptFrom("[2001:db8:1:2:ffff::1]:1", "fresh@example.com", "x"); status != http.StatusTooManyRequests {
		t.Errorf("the next one from the same network answered %d", status)
	}
	if status := s.AttemptFrom("[2001:db8:1:3::1]:1", "fresh@example.com", "x"); status != http.StatusUnprocessableEntity {
		t.Errorf("one from another network answered %d", status)
	}
}

// Many guesses at once are no way around the limit, and right ones do not count.
func TestRow20ManyGuessesAtOnce(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteOn(t, storetest.OpenPool(t))
	s.SignInAs(model.RoleOwner)
	for range access.FailuresOfAccount + 1 {
		if status := s.AttemptFrom("198.51.100.6:1", "owner@example.com", webtest.TestPassword); status != http.StatusSeeOther {
			t.Fatalf("a right password answered %d", status)
		}
	}
	var wg sync.WaitGroup
	var judged, refused atomic.Int64
	for i := range 3 * access.FailuresOfAccount {
		wg.Go(func() {
			switch s.AttemptFrom("198.51.100.7:1", "owner@example.com", fmt.Sprint(i)) {
			case http.StatusUnprocessableEntity:
				judged.Add(1)
			case http.StatusTooManyRequests:
				refused.Add(1)
			}
		})
	}
	wg.Wait()
	if judged.Load() != access.FailuresOfAccount || refused.Load() != 2*access.FailuresOfAccount {
		t.Errorf("%d guesses were judged, %d refused", judged.Load(), refused.Load())
	}
}

// Hashing is work for which there is only so much memory: it waits its turn, and
// is not done for a link that does not work.
func TestRow20HashingWaitsItsTurn(t *testing.T) { //nolint:paralleltest // it keeps every other test from hashing
	s := webtest.NewSiteAs(t, model.RoleOwner)
	for range access.HashesAtOnce {
		access.Hashing <- struct{}{}
	}
	defer func() {
		for range access.HashesAtOnce {
			<-access.Hashing
		}
	}()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := access.PasswordMatches(ctx, "x", access.DecoyHash); !errors.Is(err, kit.ErrBusy) {
		t.Errorf("hashed beside the others: %v", err)
	}
	if _, err := access.HashPassword(ctx, "x"); !errors.Is(err, kit.ErrBusy) {
		t.Errorf("hashed beside the others: %v", err)
	}
	s.Client = s.Browser()
	s.Post("/claim", url.Values{"token": {"x"}, "email": {"a@example.com"},
		"password": {webtest.TestPassword}, "repeat": {webtest.TestPassword}}).Want(t, http.StatusForbidden)
}
