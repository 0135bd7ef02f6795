package oidc

import (
	"context"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/seal"
)

// knows tells whether one of an app's secrets is value, and notes its use.
func (p *Provider) knows(ctx context.Context, app, value string) (bool, error) {
	secrets, err := p.store.AppSecrets(ctx, app)
	if err != nil {
		return false, err
	}
	var found *model.AppSecret
	for i, s := range secrets {
		if seal.SecretMatches(value, s.Hash) {
			found = &secrets[i]
		}
	}
	if found == nil {
		return false, nil
	}
	if now := p.now(); now.Sub(found.LastUsedAt) >= time.Minute { // the store would not write it
		return true, p.store.UseAppSecret(ctx, found.ID, now)
	}
	return true, nil
}
