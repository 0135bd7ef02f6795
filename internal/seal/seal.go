// Package seal encrypts the secrets that Postern keeps in the database, under
// keys that live outside it: who has only a copy of the database has no
// secrets.
//
// The keys are a Tink keyset (AES-256-GCM) as JSON, in a file or in the
// environment. The keyset may hold several keys; the database names the one
// that seals, so that every process changes over to another at the same time.
package seal

import (
	"errors"
	"fmt"
	"sync"
)

// ErrOpen says that sealed data does not open: it was sealed with another key
// or for another context, or it was changed. Which of them, nobody can tell.
var ErrOpen = errors.New("the sealed data does not open: another secret key sealed it, or it was changed")

// ErrNoKey says that a key is not among those that this process has.
var ErrNoKey = errors.New("the secret key is not the one that this database was sealed with")

// Sealer seals and opens with the keys of one keyset. It is safe for concurrent
// use, and looks at its file again when it meets a key that it does not know.
type Sealer struct {
	path string // empty: the keys came from elsewhere, and stay as they are

	mu     sync.RWMutex
	keys   *keys
	active string // fingerprint of the key that seals
}

// Seal encrypts plain. The result opens only with the same context, which says
// where the data belongs, for example "login:<id>": a value that somebody moved
// to another row does not open there.
func (s *Sealer) Seal(plain []byte, context string) ([]byte, error) {
	k := s.sealing()
	sealed, err := k.aead.Encrypt(plain, []byte(context))
	if err != nil {
		return nil, fmt.Errorf("seal for %s: %w", context, err)
	}
	return sealed, nil
}

// Open returns what was sealed with the same context by any key of the keyset,
// or an error that is ErrOpen.
func (s *Sealer) Open(sealed []byte, context string) ([]byte, error) {
	s.mu.RLock()
	keys := s.keys
	s.mu.RUnlock()
	if !keys.knowPrefix(sealed) { // another process may have begun to use a key added since
		keys = s.reload()
	}
	plain, err := keys.all.Decrypt(sealed, []byte(context))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", context, ErrOpen)
	}
	return plain, nil
}

// Use makes the key with this fingerprint the one that seals; ErrNoKey when
// neither the process nor its file has it, and then nothing changes.
func (s *Sealer) Use(fingerprint string) error {
	if s.Fingerprint() == fingerprint {
		return nil
	}
	s.mu.RLock()
	_, known := s.keys.byName[fingerprint]
	s.mu.RUnlock()
	if !known {
		s.reload()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.keys.byName[fingerprint]; !known {
		return ErrNoKey
	}
	s.active = fingerprint
	return nil
}

// Fingerprint names the key that seals: 16 hexadecimal digits of a SHA-256.
// It is safe to show and to store, and tells whether a database belongs to
// these keys.
func (s *Sealer) Fingerprint() string { return s.sealing().fingerprint }

// Prefix is how everything begins that the present key seals.
func (s *Sealer) Prefix() []byte { return s.sealing().prefix }

// Fingerprints are those of all keys, in the order of the keyset.
func (s *Sealer) Fingerprints() []string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.keys.names
}

func (s *Sealer) sealing() key {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.keys.byName[s.active]
}

// reload reads the file again. One that cannot be read, or lacks the key that
// seals, changes nothing: what is in memory goes on working.
func (s *Sealer) reload() *keys {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.path == "" {
		return s.keys
	}
	h, err := readFile(s.path)
	if err != nil {
		return s.keys
	}
	fresh, err := newKeys(h)
	if err != nil {
		return s.keys
	}
	if _, there := fresh.byName[s.active]; there {
		s.keys = fresh
	}
	return s.keys
}
