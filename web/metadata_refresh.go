package web

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso"
	"github.com/postern-sso/postern/internal/store"
)

// refresher makes the changes that a connection allows in advance, for the audit.
var refresher = model.Actor{Name: "metadata refresh"}

// RefreshMetadata fetches again what is due of AWS's metadata. Any number of
// processes may call it: each connection is fetched by one. A failure is kept
// with its cause, and is an error only when it could not be.
func (site *Site) RefreshMetadata(ctx context.Context) error {
	s := site.current.Load()
	connections, err := s.store.Connections(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for _, c := range connections {
		if c.Live == nil || c.Live.Config.IdPMetadataURL == "" {
			continue
		}
		due, err := s.store.ClaimMetadataCheck(ctx, c.ID, s.now())
		if err == nil && due {
			err = s.refreshMetadata(ctx, c)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// refreshMetadata fetches a connection's metadata and compares it. It trusts
// nothing new unless the connection allows that.
func (s *Server) refreshMetadata(ctx context.Context, c model.Connection) error {
	offered, text, err := s.offeredMetadata(ctx, c)
	if err != nil {
		var said *fetchError
		if !errors.As(err, &said) {
			return err
		}
		s.log.WarnContext(ctx, "metadata refresh failed", "connection", c.Slug, "error", err)
		return s.store.FinishMetadataCheck(ctx, c.ID, s.now(), said.Text, "")
	}
	trusted, err := s.identityProvider(c.Live)
	if err != nil {
		return err
	}
	fresh, gone := sso.CompareCertificates(trusted, offered)
	check, err := s.store.MetadataCheck(ctx, c.ID)
	if err != nil {
		return err
	}
	if len(fresh) > 0 && check.TrustNew {
		if err := s.trust(ctx, refresher, c.Slug, offered, "The connection trusts new certificates of AWS's metadata by itself."); err != nil {
			return err
		}
		fresh = nil
	}
	if len(fresh)+len(gone) == 0 {
		text = ""
	}
	return s.store.FinishMetadataCheck(ctx, c.ID, s.now(), "", text)
}

// offeredMetadata is what the address says now. What an administrator can act on
// comes back as a *fetchError.
func (s *Server) offeredMetadata(ctx context.Context, c model.Connection) (*sso.IdentityProvider, string, error) {
	fetcher := newMetadataFetcher(s.onLoopback())
	fetcher.private = s.opts.AllowPrivateMetadata
	data, err := fetcher.fetch(ctx, c.Live.Config.IdPMetadataURL)
	if err != nil {
		return nil, "", err
	}
	offered, err := sso.ParseMetadata(data, s.metadataOptions())
	if err != nil {
		return nil, "", &fetchError{Text: "What is at the address is no metadata that can be used: " + err.Error()}
	}
	trusted, err := s.identityProvider(c.Live)
	if err != nil {
		return nil, "", err
	}
	if offered.EntityID != trusted.EntityID {
		return nil, "", &fetchError{Text: fmt.Sprintf("The address now describes %s, another application than the one that is trusted. Nothing was taken over.", offered.EntityID)}
	}
	return offered, string(data), nil
}

// trust adds the certificates of other metadata to a live connection's.
func (s *Server) trust(ctx context.Context, actor model.Actor, slug string, offered *sso.IdentityProvider, note string) error {
	return s.store.ChangeTrust(ctx, actor, slug, note, func(trusted string) (string, error) {
		return sso.AddCertificates(trusted, offered, s.metadataOptions())
	})
}

// askForMetadata brings the next fetch forward when a login came with a
// certificate that nobody here knows. That it fails must not fail the answer.
func (s *Server) askForMetadata(ctx context.Context, a attempt, refusal *model.Refusal) {
	if refusal.Code != model.CodeCertificateUnknown || a.revision == nil || a.revision.Config.IdPMetadataURL == "" {
		return
	}
	if err := s.store.AskForMetadataCheck(ctx, a.connection.ID, s.now()); err != nil {
		s.log.WarnContext(ctx, "metadata not asked for", "error", err)
	}
}

// offer is what AWS's metadata says now, beside what is trusted.
func (s *Server) offer(c model.Connection, check model.MetadataCheck) (fresh, gone []sso.Certificate, offered *sso.IdentityProvider, err error) {
	if check.Offered == "" || c.Live == nil {
		return nil, nil, nil, nil
	}
	trusted, err := s.identityProvider(c.Live)
	if err != nil {
		return nil, nil, nil, err
	}
	if offered, err = sso.ParseMetadata([]byte(check.Offered), s.metadataOptions()); err != nil || offered.EntityID != trusted.EntityID {
		return nil, nil, nil, nil //nolint:nilerr // it was good when it was kept; the next fetch replaces it
	}
	fresh, gone = sso.CompareCertificates(trusted, offered)
	return fresh, gone, offered, nil
}

// hasCertificate tells whether a live connection trusts that certificate.
func (s *Server) hasCertificate(c model.Connection, fingerprint string) bool {
	idp, err := s.identityProvider(c.Live)
	return err == nil && slices.ContainsFunc(idp.Certificates, func(k sso.Certificate) bool { return k.Fingerprint == fingerprint })
}

// liveConnection is a connection that has certificates to change.
func (s *Server) liveConnection(ctx context.Context, slug string) (model.Connection, error) {
	c, err := s.store.Connection(ctx, slug)
	if err == nil && c.Live == nil {
		err = store.ErrNotFound
	}
	return c, err
}
