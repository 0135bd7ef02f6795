package crowd

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/alexedwards/argon2id"

	"github.com/postern-sso/postern/internal/model"
)

func TestAllowedAddressesOfEveryForm(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		list    []string
		address string
		want    bool
	}{
		{nil, "192.0.2.1", true},
		{nil, "", true},
		{[]string{"192.0.2.1"}, "192.0.2.1", true},
		{[]string{"192.0.2.1"}, "192.0.2.10", false},
		{[]string{"192.0.2.1"}, "::ffff:192.0.2.1", true},
		{[]string{"::ffff:192.0.2.1"}, "192.0.2.1", true},
		{[]string{"10.0.0.1", "192.0.2.0/24"}, "192.0.2.255", true},
		{[]string{"192.0.2.0/24"}, "192.0.3.0", false},
		{[]string{"192.0.2.0/24"}, "::ffff:192.0.2.7", true},
		{[]string{"2001:db8::/32"}, "2001:db8::1", true},
		{[]string{"2001:db8::1"}, "2001:db8:0::1", true},
		{[]string{"2001:db8::1"}, "2001:db8::2", false},
		{[]string{"fe80::/10"}, "fe80::1%eth0", true},
		{[]string{"0.0.0.0/0"}, "::1", false},
		{[]string{"0.0.0.0/0"}, "a name", false},
		{[]string{"0.0.0.0/0"}, "", false},
		{[]string{"rubbish"}, "192.0.2.1", false},
		{[]string{""}, "192.0.2.1", false},
	} {
		if got := allowed(c.list, c.address); got != c.want {
			t.Errorf("%q in %q: %v", c.address, c.list, got)
		}
	}
}

// gateAt is a gate with a clock, and an app's secrets: "one" and "two".
func gateAt(t *testing.T) (g *gate, now *time.Time, secrets []model.AppSecret) {
	t.Helper()
	at := time.Now()
	for i, password := range []string{"one", "two"} {
		hash, err := argon2id.CreateHash(password, &argon2id.Params{Memory: 8, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32})
		if err != nil {
			t.Fatal(err)
		}
		secrets = append(secrets, model.AppSecret{ID: int64(i + 1), Hash: hash})
	}
	return newGate(func() time.Time { return at }), &at, secrets
}

// Wrong passwords are bounded: for an app from one address, and from an address
// in all. Nobody else is held up.
func TestWrongPasswordsAreBounded(t *testing.T) {
	t.Parallel()
	g, now, secrets := gateAt(t)
	try := func(name, address, password string) error {
		_, err := g.check(t.Context(), name, address, password, secrets)
		return err
	}
	want := func(what string, got, want error) {
		t.Helper()
		if !errors.Is(got, want) {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
	}
	want("known before", try("known", "10.0.0.1", "one"), nil)
	for range failuresPerName - 1 {
		want("a wrong password", try("jira", "10.0.0.1", "wrong"), errWrongPassword)
	}
	want("the right one among them", try("jira", "10.0.0.1", "two"), nil)
	want("the last that is looked at", try("jira", "10.0.0.1", "wrong"), errWrongPassword)
	want("one too many", try("jira", "10.0.0.1", "wrong"), errTooMany)
	want("a right one that is not known yet", try("jira", "10.0.0.1", "one"), errTooMany)
	want("a right one that is known", try("jira", "10.0.0.1", "two"), nil)
	want("another app", try("wiki", "10.0.0.1", "one"), nil)
	want("from elsewhere", try("jira", "10.0.0.2", "one"), nil)

	for i := range failuresPerNetwork - failuresPerName {
		want("names made up", try(fmt.Sprint("name", i), "10.0.0.1", "wrong"), errWrongPassword)
	}
	want("too many from the address", try("fresh", "10.0.0.1", "one"), errTooMany)
	want("known from there", try("known", "10.0.0.1", "one"), nil)
	want("elsewhere still", try("fresh", "10.0.0.2", "one"), nil)

	*now = now.Add(failureWindow - 1)
	want("within the minute", try("late", "10.0.0.1", "one"), errTooMany)
	*now = now.Add(1)
	want("a minute later", try("late", "10.0.0.1", "one"), nil)
	want("a wrong one then", try("jira", "10.0.0.3", "wrong"), errWrongPassword)
}

// What was found good is good for as long as the secret is there, and says which.
func TestGateRemembersSecretsThatAreThere(t *testing.T) {
	t.Parallel()
	g, _, secrets := gateAt(t)
	check := func(password string, secrets []model.AppSecret) (int64, error) {
		return g.check(t.Context(), "jira", "10.0.0.1", password, secrets)
	}
	for i, password := range []string{"one", "two", "one", "two"} {
		if id, err := check(password, secrets); err != nil || id != int64(i%2+1) {
			t.Errorf("%s is secret %d, %v", password, id, err)
		}
	}
	if _, ok := g.remembered("jira", "one", secrets); !ok {
		t.Error("it was not remembered")
	}
	if _, ok := g.remembered("wiki", "one", secrets); ok {
		t.Error("another app's password is good")
	}
	if _, ok := g.remembered("jira", "three", secrets); ok {
		t.Error("a password that nobody has is good")
	}
	replaced := []model.AppSecret{{ID: 1, Hash: secrets[1].Hash}}
	if _, ok := g.remembered("jira", "one", replaced); ok {
		t.Error("the password of a secret that was replaced is good")
	}
	if id, err := check("one", secrets[1:]); !errors.Is(err, errWrongPassword) {
		t.Errorf("a secret that was taken back: %d, %v", id, err)
	}
	if id, err := check("two", nil); !errors.Is(err, errWrongPassword) {
		t.Errorf("all taken back: %d, %v", id, err)
	}
	if len(g.good) != 0 {
		t.Errorf("remembered for nobody: %v", g.good)
	}
	if _, err := check("one", []model.AppSecret{{ID: 3, Hash: "no hash"}}); err == nil || errors.Is(err, errWrongPassword) {
		t.Errorf("a hash that cannot be read: %v", err)
	}
}

// A check takes a lot of memory, so few are made at once; who waits may give up.
func TestFewPasswordsAreCheckedAtOnce(t *testing.T) {
	t.Parallel()
	g, _, secrets := gateAt(t)
	for range checksAtOnce {
		g.checks <- struct{}{}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := g.check(ctx, "jira", "10.0.0.1", "one", secrets); !errors.Is(err, context.Canceled) {
		t.Errorf("while others are checked: %v", err)
	}
	g.remember("jira", "one", secrets[0])
	if id, err := g.check(ctx, "jira", "10.0.0.1", "one", secrets); err != nil || id != 1 {
		t.Errorf("a password that is known waits: %d, %v", id, err)
	}
	<-g.checks
	if id, err := g.check(t.Context(), "jira", "10.0.0.1", "two", secrets); err != nil || id != 2 {
		t.Errorf("afterwards: %d, %v", id, err)
	}
	if len(g.checks) != checksAtOnce-1 {
		t.Error("a check does not make room for the next")
	}
}

// A check that finds no room waits until there is some.
func TestACheckWaitsForRoom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g, _, secrets := gateAt(t)
		for range checksAtOnce {
			g.checks <- struct{}{}
		}
		done := make(chan error, 1)
		go func() {
			_, err := g.check(t.Context(), "jira", "10.0.0.1", "one", secrets)
			done <- err
		}()
		synctest.Wait()
		if len(done) > 0 {
			t.Error("more passwords are checked at once")
		}
		<-g.checks
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// A name that no app has costs as much memory as a wrong password of one that has
// secrets, and so about as much time.
//
//nolint:paralleltest // it counts what the process allocates
func TestUnknownNamesCostAsMuch(t *testing.T) {
	g, _, _ := gateAt(t)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := g.check(t.Context(), "nobody", "10.0.0.1", "x", nil); !errors.Is(err, errWrongPassword) {
		t.Error(err)
	}
	runtime.ReadMemStats(&after)
	if least := uint64(argon2id.DefaultParams.Memory) << 10; after.TotalAlloc-before.TotalAlloc < least {
		t.Errorf("it took %d bytes, want %d at least", after.TotalAlloc-before.TotalAlloc, least)
	}
}

// The use of a secret is written down once a minute.
func TestUseOfASecretIsDueOnceAMinute(t *testing.T) {
	t.Parallel()
	g, now, secrets := gateAt(t)
	g.remember("jira", "one", secrets[0])
	for _, c := range []struct {
		later time.Duration
		want  bool
	}{{0, true}, {0, false}, {time.Minute - 1, false}, {1, true}, {time.Second, false}} {
		*now = now.Add(c.later)
		if got := g.dueUse("jira", 1); got != c.want {
			t.Errorf("%s later: %v", c.later, got)
		}
	}
	if g.dueUse("jira", 2) || g.dueUse("wiki", 1) {
		t.Error("a use of what was not found good is due")
	}
}

// One host may use every address of an IPv6 /64; an IPv4 address is one host.
func TestWrongPasswordsAreCountedByNetwork(t *testing.T) {
	t.Parallel()
	now := time.Now()
	g := newGate(func() time.Time { return now })
	hash, err := argon2id.CreateHash("right", &argon2id.Params{Memory: 8, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 16})
	if err != nil {
		t.Fatal(err)
	}
	try := func(address string) error {
		_, err := g.check(t.Context(), "jira", address, "wrong", []model.AppSecret{{ID: 1, Hash: hash}})
		return err
	}
	for i := range failuresPerName {
		for _, address := range []string{"2001:db8:1:2::%d", "192.0.2.%d"} {
			if err := try(fmt.Sprintf(address, i+1)); !errors.Is(err, errWrongPassword) {
				t.Fatalf("%s, %d: %v", address, i+1, err)
			}
		}
	}
	for address, want := range map[string]error{
		"2001:db8:1:2:ffff::1": errTooMany, "2001:db8:1:3::1": errWrongPassword, "192.0.2.99": errWrongPassword,
	} {
		if err := try(address); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", address, err, want)
		}
	}
}

// Whoever has an IPv6 network has all of its addresses: they count as one.
func TestFailuresCountByNetwork(t *testing.T) {
	t.Parallel()
	g, _, secrets := gateAt(t)
	try := func(address, password string) error {
		_, err := g.check(t.Context(), "jira", address, password, secrets)
		return err
	}
	for i := range failuresPerName {
		if err := try(fmt.Sprintf("2001:db8:0:1::%x", i), "wrong"); !errors.Is(err, errWrongPassword) {
			t.Fatal(err)
		}
	}
	// In this order: a password that was found good once is known from everywhere.
	if err := try("2001:db8:0:1:ffff::1", "one"); !errors.Is(err, errTooMany) {
		t.Errorf("from the same network: %v, want %v", err, errTooMany)
	}
	if err := try("2001:db8:0:2::1", "one"); err != nil {
		t.Errorf("from the network beside it: %v", err)
	}
}
