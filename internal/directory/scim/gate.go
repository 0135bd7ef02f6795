package scim

import (
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/throttle"
)

// Limits of attempts without a right token, from one network.
const (
	failureWindow      = time.Minute
	failuresPerNetwork = 60
)

// gate says whether a request has a token of its source.
type gate struct {
	now      func() time.Time
	failures *throttle.Limiter

	mu   sync.Mutex
	used map[int64]time.Time // when the use of a token was written down last
}

func newGate(now func() time.Time) *gate {
	return &gate{now: now, failures: throttle.New(throttle.NewMemory(), failureWindow, now), used: map[int64]time.Time{}}
}

// admit finds out whether the request has a token of the source that its address names.
// Whoever has none gets one and the same answer, whether there is such a source or not.
func (c *call) admit(slug string) error {
	tokens, err := c.Store.SCIMTokens(c.ctx, slug)
	if err != nil {
		return err
	}
	token, ok := rightToken(c.r.Header.Get("Authorization"), tokens)
	if !ok || expired(token, c.Now()) {
		if ok {
			c.noteExpired(slug, token)
		}
		return c.refuseToken()
	}
	if c.source, err = c.Store.Source(c.ctx, slug); err != nil {
		return err
	}
	if c.gate.dueUse(token.ID) {
		return c.Store.UseSCIMToken(c.ctx, token.ID, c.Now())
	}
	return nil
}

// rightToken finds the token of an Authorization header among those of a source. How
// long it takes does not depend on what is in the header.
func rightToken(header string, tokens []model.SCIMToken) (model.SCIMToken, bool) {
	scheme, given, _ := strings.Cut(header, " ")
	hash := sha256.Sum256([]byte(strings.TrimSpace(given)))
	found, right := 0, 0
	for i := range max(len(tokens), store.MaxSCIMTokens) { // as many comparisons where there is no such source
		kept := make([]byte, sha256.Size) // of no token
		if i < len(tokens) {
			kept = tokens[i].Hash
		}
		same := subtle.ConstantTimeCompare(hash[:], kept)
		found = subtle.ConstantTimeSelect(same, i, found)
		right |= same
	}
	if right == 0 || !strings.EqualFold(scheme, "Bearer") {
		return model.SCIMToken{}, false
	}
	return tokens[found], true
}

func expired(t model.SCIMToken, now time.Time) bool {
	return !t.ExpiresAt.IsZero() && !now.Before(t.ExpiresAt)
}

// refuseToken is the answer without a right token. A right one is let in however many
// wrong ones came from its network: an identity provider may share it with others.
func (c *call) refuseToken() error {
	network := model.NetworkOf(c.note.RemoteAddr)
	tooMany, err := c.gate.failures.Reached(c.ctx, throttle.Limit{Key: network, Most: failuresPerNetwork})
	if err != nil {
		return err
	}
	if tooMany {
		c.source = model.Source{} // nothing new, and it would push the rest out of the list
		c.w.Header().Set("Retry-After", fmt.Sprint(int(failureWindow.Seconds())))
		return fail(http.StatusTooManyRequests, "", "Too many requests without a right token came from this network. Wait a minute.")
	}
	if err := c.gate.failures.Failed(c.ctx, network); err != nil {
		return err
	}
	c.Logger.WarnContext(c.ctx, "scim refused", "remote", c.note.RemoteAddr, "reason", "token")
	c.w.Header().Set("WWW-Authenticate", `Bearer realm="scim"`)
	return fail(http.StatusUnauthorized, "", "A token of this source is needed: Authorization: Bearer ….")
}

// noteExpired leaves a line on the source's page: who came with a token that has ended
// is the identity provider itself.
func (c *call) noteExpired(slug string, t model.SCIMToken) {
	src, err := c.Store.Source(c.ctx, slug)
	if err != nil {
		return
	}
	c.source = src
	c.note.Line = "Came with a token that has ended"
	c.note.Details = []string{fmt.Sprintf("The token that begins with %s ended on %s. Make another, and enter it at the identity provider.",
		t.Hint, model.Moment(t.ExpiresAt))}
}

// dueUse tells whether the use of a token should be written down: once a minute.
func (g *gate) dueUse(id int64) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now()
	if last, ok := g.used[id]; ok && now.Sub(last) < time.Minute {
		return false
	}
	g.used[id] = now
	return true
}
