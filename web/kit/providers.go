package kit

import (
	"net/http"
	"net/url"
	"sync"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso"
)

// idpCache keeps the parsed metadata of revisions, so that a login does not
// parse certificates again. A revision's version changes with every save, so an
// entry never goes stale.
type idpCache struct {
	mu      sync.Mutex
	entries map[idpKey]*sso.IdentityProvider
}

type idpKey struct {
	revision int64
	version  int
}

// maxCachedIDPs bounds the cache; drafts under edit would fill it otherwise.
const maxCachedIDPs = 256

func newIDPCache() *idpCache {
	return &idpCache{entries: make(map[idpKey]*sso.IdentityProvider)}
}

// IdentityProvider is AWS as the revision's metadata describes it.
func (k *Kit) IdentityProvider(rev *model.Revision) (*sso.IdentityProvider, error) {
	key := idpKey{rev.ID, rev.Version}
	k.idps.mu.Lock()
	defer k.idps.mu.Unlock()
	if idp, ok := k.idps.entries[key]; ok {
		return idp, nil
	}
	idp, err := sso.ParseMetadata([]byte(rev.Config.IdPMetadata), k.MetadataOptions())
	if err != nil {
		return nil, err
	}
	if len(k.idps.entries) >= maxCachedIDPs {
		clear(k.idps.entries)
	}
	k.idps.entries[key] = idp
	return idp, nil
}

// MetadataOptions is how AWS's metadata is judged here: plain http only for an
// identity provider on this machine, and only where Postern itself is tried out
// on this machine.
func (k *Kit) MetadataOptions() sso.MetadataOptions {
	return sso.MetadataOptions{Now: k.Now(), AllowLoopbackHTTP: k.OnLoopback()}
}

// OnLoopback tells whether browsers reach Postern on this machine only.
func (k *Kit) OnLoopback() bool {
	u, err := url.Parse(k.Opts.PublicURL)
	if err != nil {
		return false
	}
	switch u.Hostname() {
	case "localhost", "127.0.0.1", "::1":
		return true
	}
	return false
}

// OpenConnections are the connections through which people can sign in now.
func (k *Kit) OpenConnections(r *http.Request) ([]model.Connection, error) {
	all, err := k.Store.Connections(r.Context())
	var live []model.Connection
	for _, c := range all {
		if c.Status == model.StatusLive && c.Live != nil {
			live = append(live, c)
		}
	}
	return live, err
}

// ServiceProvider is what we are to AWS on this connection.
func (k *Kit) ServiceProvider(slug string, c model.Config) sso.ServiceProvider {
	return sso.ServiceProvider{
		EntityID:     c.EntityIDFor(k.Opts.PublicURL, slug),
		ACSURL:       model.ACSURL(k.Opts.PublicURL, slug),
		NameIDFormat: c.NameIDFormat,
	}
}
