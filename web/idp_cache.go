package web

import (
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

// identityProvider is AWS as the revision's metadata describes it.
func (k *kit) identityProvider(rev *model.Revision) (*sso.IdentityProvider, error) {
	key := idpKey{rev.ID, rev.Version}
	k.idps.mu.Lock()
	defer k.idps.mu.Unlock()
	if idp, ok := k.idps.entries[key]; ok {
		return idp, nil
	}
	idp, err := sso.ParseMetadata([]byte(rev.Config.IdPMetadata), k.metadataOptions())
	if err != nil {
		return nil, err
	}
	if len(k.idps.entries) >= maxCachedIDPs {
		clear(k.idps.entries)
	}
	k.idps.entries[key] = idp
	return idp, nil
}

// metadataOptions is how AWS's metadata is judged here: plain http only for an
// identity provider on this machine, and only where Postern itself is tried out
// on this machine.
func (k *kit) metadataOptions() sso.MetadataOptions {
	return sso.MetadataOptions{Now: k.now(), AllowLoopbackHTTP: k.onLoopback()}
}

// onLoopback tells whether browsers reach Postern on this machine only.
func (k *kit) onLoopback() bool {
	u, err := url.Parse(k.opts.PublicURL)
	if err != nil {
		return false
	}
	switch u.Hostname() {
	case "localhost", "127.0.0.1", "::1":
		return true
	}
	return false
}
