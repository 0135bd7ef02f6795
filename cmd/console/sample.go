package main

import (
	"context"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sampleapp"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/web"
	"github.com/postern-sso/postern/web/apps"
)

// sampleActor makes the sample app known, for the audit.
var sampleActor = model.Actor{Name: "console demo"} //nolint:gochecknoglobals // a constant

// sampleApp makes the sample app known to Postern through both integrations. Its secrets are
// new at each start, and kept nowhere but in the app.
func sampleApp(ctx context.Context, st *store.Store, site *web.Site, address string) (*sampleapp.App, error) {
	o := sampleapp.Options{Issuer: site.PublicURL, BaseURL: address, ClientID: "sample", Directory: "sample-directory"}
	err := st.InTx(ctx, func(tx *store.Store) error {
		var err error
		o.ClientSecret, err = knownApp(ctx, tx, model.App{Slug: o.ClientID, Kind: model.AppOIDC, Name: "Sample app", Product: model.ProductOther,
			AllGroups: true, RedirectURIs: []string{address + "/callback"}, StartURL: address + "/login"})
		if err != nil {
			return err
		}
		o.DirectorySecret, err = knownApp(ctx, tx, model.App{Slug: o.Directory, Kind: model.AppCrowd, Name: "Sample app user directory",
			Product: model.ProductOther, AllGroups: true})
		return err
	})
	if err != nil {
		return nil, err
	}
	return sampleapp.New(o)
}

// knownApp makes an app unless it is there, and gives it a new secret in place
// of the last start's.
func knownApp(ctx context.Context, st *store.Store, a model.App) (string, error) {
	if err := st.SaveApp(ctx, sampleActor, a); err != nil {
		return "", err
	}
	secrets, err := st.AppSecrets(ctx, a.Slug)
	if err != nil {
		return "", err
	}
	for _, s := range secrets {
		if s.CreatedBy == sampleActor.Name || len(secrets) == store.MaxAppSecrets {
			if err := st.DeleteAppSecret(ctx, sampleActor, a.Slug, s.ID); err != nil {
				return "", err
			}
		}
	}
	secret, hash, hint, err := apps.NewAppSecret(a.Kind)
	if err != nil {
		return "", err
	}
	return secret, st.AddAppSecret(ctx, sampleActor, a.Slug, hash, hint)
}
