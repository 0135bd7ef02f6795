package trust

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/web/outgoing"
)

// Refresher makes the changes that a connection allows in advance, for the audit.
var Refresher = model.Actor{Name: "metadata refresh"}

// RefreshDue fetches again what is due of AWS's metadata. Any number of
// processes may call it: each connection is fetched by one. A failure is kept
// with its cause, and is an error only when it could not be.
func (lf Trust) RefreshDue(ctx context.Context) error {
	connections, err := lf.Store.Connections(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for _, c := range connections {
		if c.Live == nil || c.Live.Config.IdPMetadataURL == "" {
			continue
		}
		due, err := lf.Store.ClaimMetadataCheck(ctx, c.ID, lf.Now())
		if err == nil && due {
			err = lf.RefreshMetadata(ctx, c)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// RefreshMetadata fetches a connection's metadata and compares it. It trusts
// nothing new unless the connection allows that.
func (lf Trust) RefreshMetadata(ctx context.Context, c model.Connection) error {
	offered, text, err := lf.offeredMetadata(ctx, c)
	if err != nil {
		var said *outgoing.Error
		if !errors.As(err, &said) {
			return err
		}
		lf.Log.WarnContext(ctx, "metadata refresh failed", "connection", c.Slug, "error", err)
		return lf.Store.FinishMetadataCheck(ctx, c.ID, lf.Now(), said.Text, nil, "")
	}
	trusted, err := lf.IdentityProvider(c.Live)
	if err != nil {
		return err
	}
	fresh, gone := sso.CompareCertificates(trusted, offered)
	check, err := lf.Store.MetadataCheck(ctx, c.ID)
	if err != nil {
		return err
	}
	if len(fresh) > 0 && check.TrustNew {
		if err := lf.Trust(ctx, Refresher, c.Slug, offered, "The connection trusts new certificates of AWS's metadata by itself."); err != nil {
			return err
		}
		fresh = nil
	}
	if len(fresh)+len(gone) == 0 {
		text = ""
	}
	return lf.Store.FinishMetadataCheck(ctx, c.ID, lf.Now(), "", printsOf(offered.Certificates), text)
}

// offeredMetadata is what the address says now. What an administrator can act on
// comes back as a *fetchError.
func (lf Trust) offeredMetadata(ctx context.Context, c model.Connection) (*sso.IdentityProvider, string, error) {
	fetcher := outgoing.NewFetcher(lf.OnLoopback())
	fetcher.Private = lf.Opts.AllowPrivateMetadata
	data, err := fetcher.Fetch(ctx, c.Live.Config.IdPMetadataURL)
	if err != nil {
		return nil, "", err
	}
	offered, err := sso.ParseMetadata(data, lf.MetadataOptions())
	if err != nil {
		return nil, "", &outgoing.Error{Text: "What is at the address is no metadata that can be used: " + err.Error()}
	}
	trusted, err := lf.IdentityProvider(c.Live)
	if err != nil {
		return nil, "", err
	}
	if offered.EntityID != trusted.EntityID {
		return nil, "", &outgoing.Error{Text: fmt.Sprintf("The address now describes %s, another application than the one that is trusted. Nothing was taken over.",
			offered.EntityID)}
	}
	return offered, string(data), nil
}

// Trust adds the certificates of other metadata to a live connection's.
func (lf Trust) Trust(ctx context.Context, actor model.Actor, slug string, offered *sso.IdentityProvider, note string) error {
	return lf.Store.TrustCertificates(ctx, actor, slug, note, printsOf(offered.Certificates), func(trusted string) (string, error) {
		return sso.AddCertificates(trusted, offered, lf.MetadataOptions())
	})
}

// Offer is what AWS's metadata says now, beside what is trusted.
func (lf Trust) Offer(c model.Connection, check model.MetadataCheck) (fresh, gone []sso.Certificate, offered *sso.IdentityProvider, err error) {
	if check.Offered == "" || c.Live == nil {
		return nil, nil, nil, nil
	}
	trusted, err := lf.IdentityProvider(c.Live)
	if err != nil {
		return nil, nil, nil, err
	}
	if offered, err = sso.ParseMetadata([]byte(check.Offered), lf.MetadataOptions()); err != nil || offered.EntityID != trusted.EntityID {
		return nil, nil, nil, nil //nolint:nilerr // it was good when it was kept; the next fetch replaces it
	}
	fresh, gone = sso.CompareCertificates(trusted, offered)
	return fresh, gone, offered, nil
}

// HasCertificate tells whether a live connection trusts that certificate.
func (lf Trust) HasCertificate(c model.Connection, fingerprint string) bool {
	idp, err := lf.IdentityProvider(c.Live)
	return err == nil && slices.ContainsFunc(idp.Certificates, func(k sso.Certificate) bool { return k.Fingerprint == fingerprint })
}

// LiveConnection is a connection that has certificates to change.
func (lf Trust) LiveConnection(ctx context.Context, slug string) (model.Connection, error) {
	c, err := lf.Store.Connection(ctx, slug)
	if err == nil && c.Live == nil {
		err = store.ErrNotFound
	}
	return c, err
}
