package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/templates/paths"
)

// attemptFrom tries a password from an address.
func (s *testSite) attemptFrom(address, email, password string) int {
	r := post("/signin", "application/x-www-form-urlencoded", url.Values{"email": {email}, "password": {password}}.Encode())
	r.RemoteAddr = address
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	return w.Code
}

// Bad passkeys, and guesses at passwords, keep no good passkey out that comes
// from the same address in a browser that nobody knows; an empty email is
// nobody's.
func TestRow20BadPasskeysLockNobodyOut(t *testing.T) {
	t.Parallel()
	s := newSiteAs(t, model.RoleOwner)
	a, err := s.store.AdministratorByEmail(t.Context(), "owner@example.com")
	if err != nil {
		t.Fatal(err)
	}
	own := s.client
	s.client = s.browser()
	for range failuresOfAddress + 1 {
		s.post(paths.SignInPasskey, url.Values{"credential": {"{}"}}).want(t, http.StatusUnprocessableEntity)
	}
	s.tryPassword(a.Email, testPassword).want(t, http.StatusSeeOther)
	k := s.givePasskey(a)
	for i := range failuresOfAddress {
		if err := s.access.guesses.Failed(t.Context(), "address\n127.0.0.1"); err != nil {
			t.Fatal(i, err)
		}
	}
	s.client = s.browser()
	s.tryPassword(a.Email, testPassword).want(t, http.StatusTooManyRequests)
	s.usePasskey(k, paths.SignInPasskey, nil).want(t, http.StatusSeeOther)
	s.get(paths.Users).want(t, http.StatusOK)
	s.client = own
	s.post(paths.SignOut, nil)
	s.tryPassword(a.Email, testPassword).want(t, http.StatusOK).has(t, "main", "Now your passkey")
}

// Whoever floods the sign-in holds up strangers at the same address, and not the
// browsers in which somebody signed in before. To say that one is such a browser
// is not enough.
func TestRow20FloodsLockNoKnownBrowserOut(t *testing.T) {
	t.Parallel()
	s := newSiteAs(t, model.RoleOwner)
	a, err := s.store.AdministratorByEmail(t.Context(), "owner@example.com")
	if err != nil {
		t.Fatal(err)
	}
	k := s.givePasskey(a)
	own := s.client
	s.post(paths.SignOut, nil)
	s.client = s.browser()
	for _, path := range []string{paths.SignIn, paths.SignInPasskey, paths.PasskeyOptions, paths.SignInSecond} {
		flooded := false
		for i := 0; i < 3*signInsPerMinute && !flooded; i++ { // a minute may turn meanwhile
			s.claimToBeKnown(fmt.Sprintf("%026d", i))
			res := s.post(path, url.Values{"email": {a.Email}, "password": {"guess"}})
			flooded = res.status == http.StatusTooManyRequests && strings.Contains(res.text(), "Wait a minute")
		}
		if !flooded {
			t.Errorf("%s goes on answering", path)
		}
	}
	s.client = own
	s.tryPassword(a.Email, testPassword).want(t, http.StatusOK)
	s.usePasskey(k, paths.SignInSecond, nil).want(t, http.StatusSeeOther)
	s.post(paths.SignOut, nil)
	s.usePasskey(k, paths.SignInPasskey, nil).want(t, http.StatusSeeOther)
	s.get(paths.Users).want(t, http.StatusOK)
}

// Guesses at what is typed as email do not touch who comes through AWS under that
// name.
func TestRow20GuessesDoNotReachWhoComesThroughAWS(t *testing.T) {
	t.Parallel()
	s, u := newAWSAdminSite(t)
	a, err := s.store.AdministratorOfUser(t.Context(), storetest.Actor, u)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.store.AddPasskey(t.Context(), storetest.Actor, a, model.Passkey{ID: []byte("k"), Name: "k", Credential: []byte("{}")}); err != nil {
		t.Fatal(err)
	}
	codes, hashes := newRecoveryCodes()
	if err := s.store.SetRecoveryCodes(t.Context(), storetest.Actor, a, hashes); err != nil {
		t.Fatal(err)
	}
	own := s.client
	s.client = s.browser()
	for range failuresOfAccount {
		s.tryPassword(u.Username, "guess").want(t, http.StatusUnprocessableEntity)
		s.tryPassword("user\n"+u.ID, "guess").want(t, http.StatusUnprocessableEntity)
	}
	s.client = own
	s.get(paths.SignInAWS).want(t, http.StatusOK).has(t, "main", "passkey")
	s.post(paths.SignInSecond, url.Values{"code": {codes[0]}}).want(t, http.StatusSeeOther)
	s.get(paths.Users).want(t, http.StatusOK)
}

// One host may use every address of an IPv6 /64.
func TestRow20GuessesFromOneNetworkAreCounted(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for i := range failuresOfAddress {
		if status := s.attemptFrom(fmt.Sprintf("[2001:db8:1:2::%x]:1", i+1), fmt.Sprintf("a%d@example.com", i), "x"); status != http.StatusUnprocessableEntity {
			t.Fatalf("guess %d answered %d", i, status)
		}
	}
	if status := s.attemptFrom("[2001:db8:1:2:ffff::1]:1", "fresh@example.com", "x"); status != http.StatusTooManyRequests {
		t.Errorf("the next one from the same network answered %d", status)
	}
	if status := s.attemptFrom("[2001:db8:1:3::1]:1", "fresh@example.com", "x"); status != http.StatusUnprocessableEntity {
		t.Errorf("one from another network answered %d", status)
	}
}

// Many guesses at once are no way around the limit, and right ones do not count.
func TestRow20ManyGuessesAtOnce(t *testing.T) {
	t.Parallel()
	s := newSiteOn(t, storetest.OpenPool(t))
	s.signInAs(model.RoleOwner)
	for range failuresOfAccount + 1 {
		if status := s.attemptFrom("198.51.100.6:1", "owner@example.com", testPassword); status != http.StatusSeeOther {
			t.Fatalf("a right password answered %d", status)
		}
	}
	var wg sync.WaitGroup
	var judged, refused atomic.Int64
	for i := range 3 * failuresOfAccount {
		wg.Go(func() {
			switch s.attemptFrom("198.51.100.7:1", "owner@example.com", fmt.Sprint(i)) {
			case http.StatusUnprocessableEntity:
				judged.Add(1)
			case http.StatusTooManyRequests:
				refused.Add(1)
			}
		})
	}
	wg.Wait()
	if judged.Load() != failuresOfAccount || refused.Load() != 2*failuresOfAccount {
		t.Errorf("%d guesses were judged, %d refused", judged.Load(), refused.Load())
	}
}

// Hashing is work for which there is only so much memory: it waits its turn, and
// is not done for a link that does not work.
func TestRow20HashingWaitsItsTurn(t *testing.T) { //nolint:paralleltest // it keeps every other test from hashing
	s := newSiteAs(t, model.RoleOwner)
	for range hashesAtOnce {
		hashing <- struct{}{}
	}
	defer func() {
		for range hashesAtOnce {
			<-hashing
		}
	}()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := passwordMatches(ctx, "x", decoyHash); !errors.Is(err, errBusy) {
		t.Errorf("hashed beside the others: %v", err)
	}
	if _, err := HashPassword(ctx, "x"); !errors.Is(err, errBusy) {
		t.Errorf("hashed beside the others: %v", err)
	}
	s.client = s.browser()
	s.post("/claim", url.Values{"token": {"x"}, "email": {"a@example.com"}, "password": {testPassword}, "repeat": {testPassword}}).want(t, http.StatusForbidden)
}
