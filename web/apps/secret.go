package apps

import (
	"crypto/rand"

	"github.com/alexedwards/argon2id"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/seal"
)

// NewAppSecret makes a secret of 256 random bits for an app, what is kept of
// it, and its beginning. An application password is kept by argon2id, as
// Crowd's administrators may expect.
func NewAppSecret(kind string) (secret, hash, hint string, err error) {
	if kind != model.AppCrowd {
		s := seal.NewSecret()
		return s.Value, s.Hash, s.Hint, nil
	}
	secret = rand.Text() + rand.Text()
	hash, err = argon2id.CreateHash(secret, argon2id.DefaultParams)
	return secret, hash, secret[:4], err
}
