package seal

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
)

// Secret is a password that Postern makes for a program. Value is shown once;
// the others are kept.
type Secret struct {
	Value string
	Hash  string // SHA-256, in hexadecimal
	Hint  string // how it begins
}

// NewSecret makes a secret of 260 random bits. It is too long to be guessed, so
// a plain SHA-256 of it is as good as a slow hash, and costs nothing per request.
func NewSecret() Secret {
	value := rand.Text() + rand.Text()
	return Secret{Value: value, Hash: hashSecret(value), Hint: value[:4]}
}

// SecretMatches tells whether hash is that of value, in a time that does not
// depend on how much of it is right.
func SecretMatches(value, hash string) bool {
	return subtle.ConstantTimeCompare([]byte(hash), []byte(hashSecret(value))) == 1
}

func hashSecret(value string) string {
	sum := sha256.Sum256([]byte(value))
	return hex.EncodeToString(sum[:])
}
