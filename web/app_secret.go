package web

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"

	"github.com/alexedwards/argon2id"

	"github.com/postern-sso/postern/internal/model"
)

// newAppSecret makes a secret of 256 random bits for an app, what is kept of
// it, and its beginning. A client secret is kept as its SHA-256: nobody guesses
// 256 random bits. An application password is kept by argon2id, as Crowd's
// administrators may expect.
func newAppSecret(kind string) (secret, hash, hint string, err error) {
	secret = rand.Text() + rand.Text()
	hint = secret[:4]
	if kind == model.AppCrowd {
		hash, err = argon2id.CreateHash(secret, argon2id.DefaultParams)
		return secret, hash, hint, err
	}
	sum := sha256.Sum256([]byte(secret))
	return secret, hex.EncodeToString(sum[:]), hint, nil
}
