package seal

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// keys is a keyset taken apart.
type keys struct {
	all     tink.AEAD // opens what any of them sealed
	byName  map[string]key
	names   []string
	primary string // fingerprint
}

// key is one that can seal.
type key struct {
	aead        tink.AEAD
	id          uint32
	prefix      []byte // what Tink puts before a ciphertext: a version byte and the key's id
	fingerprint string
}

func newKeys(h *keyset.Handle) (*keys, error) {
	all, err := aead.New(h)
	if err != nil {
		return nil, fmt.Errorf("use the secret key: %w", err)
	}
	set := insecurecleartextkeyset.KeysetMaterial(h)
	k := &keys{all: all, byName: make(map[string]key)}
	for _, material := range set.GetKey() {
		one, err := oneKey(h, material.GetKeyId(), material.GetKeyData().GetValue())
		if err != nil {
			return nil, err
		}
		k.byName[one.fingerprint] = one
		k.names = append(k.names, one.fingerprint)
		if material.GetKeyId() == set.GetPrimaryKeyId() {
			k.primary = one.fingerprint
		}
	}
	if k.primary == "" {
		return nil, errors.New("use the secret key: the key file names no primary key")
	}
	return k, nil
}

// oneKey is a key that seals, whichever the keyset's primary is. The key is 32
// random bytes, so that its hash gives nothing away.
func oneKey(h *keyset.Handle, id uint32, value []byte) (key, error) {
	m := keyset.NewManagerFromHandle(h)
	if err := m.SetPrimary(id); err != nil {
		return key{}, fmt.Errorf("use the secret key: %w", err)
	}
	alone, err := m.Handle()
	if err != nil {
		return key{}, fmt.Errorf("use the secret key: %w", err)
	}
	primitive, err := aead.New(alone)
	if err != nil {
		return key{}, fmt.Errorf("use the secret key: %w", err)
	}
	sum := sha256.Sum256(append([]byte("postern secret key\x00"), value...))
	prefix := binary.BigEndian.AppendUint32([]byte{1}, id)
	return key{aead: primitive, id: id, prefix: prefix, fingerprint: hex.EncodeToString(sum[:8])}, nil
}

func (k *keys) knowPrefix(sealed []byte) bool {
	for _, one := range k.byName {
		if bytes.HasPrefix(sealed, one.prefix) {
			return true
		}
	}
	return false
}
