package crowd

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/alexedwards/argon2id"

	"github.com/postern-sso/postern/internal/model"
)

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
