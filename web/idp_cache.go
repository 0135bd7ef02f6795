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
func (s *Server) identityProvider(rev *model.Revision) (*sso.IdentityProvider, error) {
	key := idpKey{rev.ID, rev.Version}
	s.idps.mu.Lock()
	defer s.idps.mu.Unlock()
	if idp, ok := s.idps.entries[key]; ok {
		return idp, nil
	}
	idp, err := sso.ParseMetadata([]byte(rev.Config.IdPMetadata), s.metadataOptions())
	if err != nil {
		return nil, err
	}
	if len(s.idps.entries) >= maxCachedIDPs {
		clear(s.idps.entries)
	}
	s.idps.entries[key] = idp
	return idp, nil
}

// metadataOptions is how AWS's metadata is judged here: plain http only for an
// identity provider on this machine, and only where Postern itself is tried out
// on this machine.
func (s *Server) metadataOptions() sso.MetadataOptions {
	return sso.MetadataOptions{Now: s.now(), AllowLoopbackHTTP: s.onLoopback()}
}

// onLoopback tells whether browsers reach Postern on this machine only.
func (s *Server) onLoopback() bool {
	u, err := url.Parse(s.opts.PublicURL)
	if err != nil {
		return false
	}
	switch u.Hostname() {
	case "localhost", "127.0.0.1", "::1":
		return true
	}
	return false
}
