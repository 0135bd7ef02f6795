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

// refreshDue fetches again what is due of AWS's metadata. Any number of
// processes may call it: each connection is fetched by one. A failure is kept
// with its cause, and is an error only when it could not be.
func (lf trustLeaf) refreshDue(ctx context.Context) error {
	connections, err := lf.store.Connections(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for _, c := range connections {
		if c.Live == nil || c.Live.Config.IdPMetadataURL == "" {
			continue
		}
		due, err := lf.store.ClaimMetadataCheck(ctx, c.ID, lf.now())
		if err == nil && due {
			err = lf.refreshMetadata(ctx, c)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// refreshMetadata fetches a connection's metadata and compares it. It trusts
// nothing new unless the connection allows that.
func (lf trustLeaf) refreshMetadata(ctx context.Context, c model.Connection) error {
	offered, text, err := lf.offeredMetadata(ctx, c)
	if err != nil {
		var said *fetchError
		if !errors.As(err, &said) {
			return err
		}
		lf.log.WarnContext(ctx, "metadata refresh failed", "connection", c.Slug, "error", err)
		return lf.store.FinishMetadataCheck(ctx, c.ID, lf.now(), said.Text, "")
	}
	trusted, err := lf.identityProvider(c.Live)
	if err != nil {
		return err
	}
	fresh, gone := sso.CompareCertificates(trusted, offered)
	check, err := lf.store.MetadataCheck(ctx, c.ID)
	if err != nil {
		return err
	}
	if len(fresh) > 0 && check.TrustNew {
		if err := lf.trust(ctx, refresher, c.Slug, offered, "The connection trusts new certificates of AWS's metadata by itself."); err != nil {
			return err
		}
		fresh = nil
	}
	if len(fresh)+len(gone) == 0 {
		text = ""
	}
	return lf.store.FinishMetadataCheck(ctx, c.ID, lf.now(), "", text)
}

// offeredMetadata is what the address says now. What an administrator can act on
// comes back as a *fetchError.
func (lf trustLeaf) offeredMetadata(ctx context.Context, c model.Connection) (*sso.IdentityProvider, string, error) {
	fetcher := newMetadataFetcher(lf.onLoopback())
	fetcher.private = lf.opts.AllowPrivateMetadata
	data, err := fetcher.fetch(ctx, c.Live.Config.IdPMetadataURL)
	if err != nil {
		return nil, "", err
	}
	offered, err := sso.ParseMetadata(data, lf.metadataOptions())
	if err != nil {
		return nil, "", &fetchError{Text: "What is at the address is no metadata that can be used: " + err.Error()}
	}
	trusted, err := lf.identityProvider(c.Live)
	if err != nil {
		return nil, "", err
	}
	if offered.EntityID != trusted.EntityID {
		return nil, "", &fetchError{Text: fmt.Sprintf("The address now describes %s, another application than the one that is trusted. Nothing was taken over.",
			offered.EntityID)}
	}
	return offered, string(data), nil
}

// trust adds the certificates of other metadata to a live connection's.
func (lf trustLeaf) trust(ctx context.Context, actor model.Actor, slug string, offered *sso.IdentityProvider, note string) error {
	return lf.store.ChangeTrust(ctx, actor, slug, note, func(trusted string) (string, error) {
		return sso.AddCertificates(trusted, offered, lf.metadataOptions())
	})
}

// askForMetadata brings the next fetch forward when a login came with a
// certificate that nobody here knows. That it fails must not fail the answer.
func (rm *loginRoom) askForMetadata(ctx context.Context, a attempt, refusal *model.Refusal) {
	if refusal.Code != model.CodeCertificateUnknown || a.revision == nil || a.revision.Config.IdPMetadataURL == "" {
		return
	}
	if err := rm.store.AskForMetadataCheck(ctx, a.connection.ID, rm.now()); err != nil {
		rm.log.WarnContext(ctx, "metadata not asked for", "error", err)
	}
}

// offer is what AWS's metadata says now, beside what is trusted.
func (lf trustLeaf) offer(c model.Connection, check model.MetadataCheck) (fresh, gone []sso.Certificate, offered *sso.IdentityProvider, err error) {
	if check.Offered == "" || c.Live == nil {
		return nil, nil, nil, nil
	}
	trusted, err := lf.identityProvider(c.Live)
	if err != nil {
		return nil, nil, nil, err
	}
	if offered, err = sso.ParseMetadata([]byte(check.Offered), lf.metadataOptions()); err != nil || offered.EntityID != trusted.EntityID {
		return nil, nil, nil, nil //nolint:nilerr // it was good when it was kept; the next fetch replaces it
	}
	fresh, gone = sso.CompareCertificates(trusted, offered)
	return fresh, gone, offered, nil
}

// hasCertificate tells whether a live connection trusts that certificate.
func (lf trustLeaf) hasCertificate(c model.Connection, fingerprint string) bool {
	idp, err := lf.identityProvider(c.Live)
	return err == nil && slices.ContainsFunc(idp.Certificates, func(k sso.Certificate) bool { return k.Fingerprint == fingerprint })
}

// liveConnection is a connection that has certificates to change.
func (lf trustLeaf) liveConnection(ctx context.Context, slug string) (model.Connection, error) {
	c, err := lf.store.Connection(ctx, slug)
	if err == nil && c.Live == nil {
		err = store.ErrNotFound
	}
	return c, err
}
