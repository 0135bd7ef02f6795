package crowd

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/alexedwards/argon2id"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/throttle"
)

// Limits of attempts with a wrong password.
const (
	failureWindow      = time.Minute
	failuresPerName    = 10 // from one network
	failuresPerNetwork = 60
	checksAtOnce       = 2 // a check of a password takes a lot of memory on purpose
)

// decoyHash is of a password that nobody knows, made as those of apps are.
const decoyHash = "$argon2id$v=19$m=65536,t=1,p=2$01vvo4rItXJhoAz6K2RfhA$z0dlN6v2ekrFeIMapdhJ0fYlp8RW/eZVA19k5OcNnH4"

// gate says which app asks. Passwords are hashed slowly, and a synchronization
// asks hundreds of times; so the gate remembers what it found good, under a key
// that only this process has and only as long as the secret is in the database.
type gate struct {
	now      func() time.Time
	key      [32]byte
	checks   chan struct{}
	failures *throttle.Limiter

	mu   sync.Mutex
	good map[string]map[int64]passed // by app and secret
}

type passed struct {
	mac  [sha256.Size]byte
	used time.Time // when the use was written down last
}

func newGate(now func() time.Time) *gate {
	g := &gate{now: now, checks: make(chan struct{}, checksAtOnce), good: map[string]map[int64]passed{},
		failures: throttle.New(throttle.NewMemory(), failureWindow, now)}
	_, _ = rand.Read(g.key[:]) // never fails
	return g
}

// admit finds out which app asks, by name and password, and whether it may from
// where it is.
func (c *call) admit() error {
	denied := fail(http.StatusUnauthorized, reasonAccessDenied, "Application failed to authenticate")
	name, password, ok := c.r.BasicAuth()
	if !ok || name == "" || len(password) > 1024 {
		return denied
	}
	name = strings.ToLower(name)
	app, secrets, err := c.secretsOf(name)
	if err != nil {
		return err
	}
	c.note.App = app.Slug
	id, err := c.gate.check(c.ctx, name, c.note.RemoteAddr, password, secrets)
	switch {
	case errors.Is(err, errTooMany):
		c.note.App = "" // nothing new, and it would push the rest out of the list
		c.w.Header().Set("Retry-After", fmt.Sprint(int(failureWindow.Seconds())))
		return fail(http.StatusTooManyRequests, reasonAccessDenied, "Too many attempts with a wrong password. Wait a minute.")
	case errors.Is(err, errWrongPassword):
		c.Logger.WarnContext(c.ctx, "app refused", "app", name, "remote", c.note.RemoteAddr, "reason", "name or password")
		if app.Slug == "" {
			c.noteUnknownApplication(name)
		}
		return denied
	case err != nil:
		return err
	}
	if !allowed(app.AllowedIPs, c.note.RemoteAddr) {
		c.Logger.WarnContext(c.ctx, "app refused", "app", name, "remote", c.note.RemoteAddr, "reason", "address")
		return fail(http.StatusForbidden, reasonAccessDenied, "Application <%s> may not be used from %s.", name, c.note.RemoteAddr)
	}
	c.app = app
	if c.gate.dueUse(app.Slug, id) {
		return c.Store.UseAppSecret(c.ctx, id, c.Now())
	}
	return nil
}

// noteUnknownApplication keeps a name that no app has. That it fails must not fail the
// request.
func (c *call) noteUnknownApplication(name string) {
	err := c.Store.NoteUnknownApplication(c.ctx, model.UnknownApplication{Name: name, RemoteAddr: c.note.RemoteAddr, At: c.Now()})
	if err != nil {
		c.Logger.WarnContext(c.ctx, "unknown app not noted", "error", err)
	}
}

// secretsOf is an app with its secrets; of an unknown one, none.
func (c *call) secretsOf(name string) (model.App, []model.AppSecret, error) {
	app, err := c.Store.App(c.ctx, name)
	if errors.Is(err, store.ErrNotFound) || (err == nil && app.Kind != model.AppCrowd) {
		return model.App{}, nil, nil
	}
	if err != nil {
		return app, nil, err
	}
	secrets, err := c.Store.AppSecrets(c.ctx, name)
	return app, secrets, err
}

var (
	errWrongPassword = errors.New("wrong password")
	errTooMany       = errors.New("too many attempts")
)

// check tells which secret of an app the password is.
func (g *gate) check(ctx context.Context, name, address, password string, secrets []model.AppSecret) (int64, error) {
	if id, ok := g.remembered(name, password, secrets); ok {
		return id, nil
	}
	network := model.NetworkOf(address)
	ofName := network + "\n" + name
	tooMany, err := g.failures.Reached(ctx, throttle.Limit{Key: network, Most: failuresPerNetwork}, throttle.Limit{Key: ofName, Most: failuresPerName})
	if err != nil {
		return 0, err
	}
	if tooMany {
		return 0, errTooMany
	}
	id, err := g.compare(ctx, name, password, secrets)
	if errors.Is(err, errWrongPassword) {
		if err := g.failures.Failed(ctx, network, ofName); err != nil {
			return 0, err
		}
	}
	return id, err
}

// compare looks for the password among the hashes, when it is its turn.
func (g *gate) compare(ctx context.Context, name, password string, secrets []model.AppSecret) (int64, error) {
	select {
	case g.checks <- struct{}{}:
		defer func() { <-g.checks }()
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	if id, ok := g.remembered(name, password, secrets); ok { // somebody else has checked it meanwhile
		return id, nil
	}
	if len(secrets) == 0 { // a name that no app has takes as long
		_, _ = argon2id.ComparePasswordAndHash(password, decoyHash)
	}
	for _, s := range secrets {
		ok, err := argon2id.ComparePasswordAndHash(password, s.Hash)
		if err != nil {
			return 0, fmt.Errorf("secret %d of app %q: %w", s.ID, name, err)
		}
		if ok {
			g.remember(name, password, s)
			return s.ID, nil
		}
	}
	return 0, errWrongPassword
}

func (g *gate) mac(password string, s model.AppSecret) (sum [sha256.Size]byte) {
	h := hmac.New(sha256.New, g.key[:])
	fmt.Fprintf(h, "%d\n%s\n%s", s.ID, s.Hash, password)
	copy(sum[:], h.Sum(nil))
	return sum
}

// remembered looks for the password among what was found good, and forgets
// secrets that are gone.
func (g *gate) remembered(name, password string, secrets []model.AppSecret) (int64, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	there := make(map[int64]passed, len(secrets))
	found, ok := int64(0), false
	for _, s := range secrets {
		p, known := g.good[name][s.ID]
		if !known {
			continue
		}
		there[s.ID] = p
		if sum := g.mac(password, s); hmac.Equal(sum[:], p.mac[:]) {
			found, ok = s.ID, true
		}
	}
	if len(there) == 0 {
		delete(g.good, name)
	} else {
		g.good[name] = there
	}
	return found, ok
}

func (g *gate) remember(name, password string, s model.AppSecret) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.good[name] == nil {
		g.good[name] = map[int64]passed{}
	}
	g.good[name][s.ID] = passed{mac: g.mac(password, s)}
}

// dueUse tells whether the use of a secret should be written down: once a minute.
func (g *gate) dueUse(name string, id int64) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	p, ok := g.good[name][id]
	if !ok || g.now().Sub(p.used) < time.Minute {
		return false
	}
	p.used = g.now()
	g.good[name][id] = p
	return true
}

// allowed tells whether an address is one of those listed, or in one of the
// networks. An empty list allows every address; an entry that cannot be read
// allows none.
func allowed(list []string, address string) bool {
	if len(list) == 0 {
		return true
	}
	a, err := netip.ParseAddr(address)
	if err != nil {
		return false
	}
	a = a.Unmap().WithZone("")
	for _, entry := range list {
		if p, err := netip.ParsePrefix(entry); err == nil && p.Contains(a) {
			return true
		}
		if one, err := netip.ParseAddr(entry); err == nil && one.Unmap() == a {
			return true
		}
	}
	return false
}
