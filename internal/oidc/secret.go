package oidc

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"time"

	"github.com/postern-sso/postern/internal/model"
)

// Secret is a new client secret. Value is shown once; the others are kept.
type Secret struct {
	Value, Hash, Hint string
}

// NewSecret makes a client secret of 260 bits. It is too long to be guessed, so
// a plain SHA-256 of it is as good as a slow hash, and costs nothing per request.
func NewSecret() Secret {
	value := rand.Text() + rand.Text()
	return Secret{Value: value, Hash: hashSecret(value), Hint: value[:4]}
}

func hashSecret(value string) string {
	sum := sha256.Sum256([]byte(value))
	return hex.EncodeToString(sum[:])
}

// knows tells whether one of an app's secrets is value, and notes its use.
func (p *Provider) knows(ctx context.Context, app, value string) (bool, error) {
	secrets, err := p.store.AppSecrets(ctx, app)
	if err != nil {
		return false, err
	}
	var found *model.AppSecret
	hash := []byte(hashSecret(value))
	for i, s := range secrets {
		if subtle.ConstantTimeCompare([]byte(s.Hash), hash) == 1 {
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
