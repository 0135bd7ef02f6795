// Package seal encrypts the secrets that Postern keeps in the database, under
// a key that lives in a file outside it: who has only a copy of the database
// has no secrets.
//
// The file holds a Tink keyset (AES-256-GCM) as JSON, so that a later release
// can add a key and still open what an earlier one sealed.
package seal

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// ErrOpen says that sealed data does not open: it was sealed with another key
// or for another context, or it was changed. Which of them, nobody can tell.
var ErrOpen = errors.New("the sealed data does not open: another secret key sealed it, or it was changed")

// Sealer seals and opens with the keys of one key file. It is safe for
// concurrent use.
type Sealer struct {
	aead        tink.AEAD
	fingerprint string
}

// newSealer makes a Sealer of a keyset.
func newSealer(h *keyset.Handle) (*Sealer, error) {
	primitive, err := aead.New(h)
	if err != nil {
		return nil, fmt.Errorf("use the secret key: %w", err)
	}
	fp, err := fingerprint(h)
	if err != nil {
		return nil, err
	}
	return &Sealer{aead: primitive, fingerprint: fp}, nil
}

// Seal encrypts plain. The result opens only with the same context, which says
// where the data belongs, for example "login:<id>": a value that somebody moved
// to another row does not open there.
func (s *Sealer) Seal(plain []byte, context string) ([]byte, error) {
	sealed, err := s.aead.Encrypt(plain, []byte(context))
	if err != nil {
		return nil, fmt.Errorf("seal for %s: %w", context, err)
	}
	return sealed, nil
}

// Open returns what was sealed with the same context, or an error that is
// ErrOpen.
func (s *Sealer) Open(sealed []byte, context string) ([]byte, error) {
	plain, err := s.aead.Decrypt(sealed, []byte(context))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", context, ErrOpen)
	}
	return plain, nil
}

// Fingerprint names the key that seals: 16 hexadecimal digits of a SHA-256.
// It is safe to show and to store, and tells whether a database belongs to this
// key file.
func (s *Sealer) Fingerprint() string { return s.fingerprint }

// fingerprint hashes the primary key. The key is 32 random bytes, so that its
// hash gives nothing away.
func fingerprint(h *keyset.Handle) (string, error) {
	set := insecurecleartextkeyset.KeysetMaterial(h)
	for _, k := range set.GetKey() {
		if k.GetKeyId() == set.GetPrimaryKeyId() {
			sum := sha256.Sum256(append([]byte("postern secret key\x00"), k.GetKeyData().GetValue()...))
			return hex.EncodeToString(sum[:8]), nil
		}
	}
	return "", errors.New("use the secret key: the key file names no primary key")
}
