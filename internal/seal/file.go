package seal

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
)

// maxKeyFile bounds what is read as a key file; one of Postern's is 300 bytes.
const maxKeyFile = 64 << 10

// ErrPermissions says that other accounts may read or change the key file.
var ErrPermissions = errors.New("other accounts may use the secret key file")

// LoadOrCreate reads the key file at path, and makes it (mode 0600) when it is
// absent. Processes that start together agree on one key. A file that other
// accounts may use is refused with ErrPermissions; a damaged one is an error
// and never replaced, because what it sealed would be lost.
func LoadOrCreate(path string) (*Sealer, error) {
	s, err := Load(path)
	if !errors.Is(err, os.ErrNotExist) {
		return s, err
	}
	if err := create(path); err != nil && !errors.Is(err, os.ErrExist) {
		return nil, fmt.Errorf("make the secret key file: %w", err)
	}
	return Load(path)
}

// Load reads the key file at path, as LoadOrCreate does; os.ErrNotExist when it is
// absent.
func Load(path string) (*Sealer, error) {
	h, err := readFile(path)
	if err != nil {
		return nil, err
	}
	return newSealer(h, path)
}

// Parse makes a Sealer of a keyset as text, which the environment holds in
// place of a file.
func Parse(text string) (*Sealer, error) {
	h, err := parse([]byte(text))
	if err != nil {
		return nil, errors.New("the secret key in the environment is damaged: it must be the whole content of a secret key file")
	}
	return newSealer(h, "")
}

func newSealer(h *keyset.Handle, path string) (*Sealer, error) {
	k, err := newKeys(h)
	if err != nil {
		return nil, err
	}
	return &Sealer{path: path, keys: k, active: k.primary}, nil
}

func readFile(path string) (*keyset.Handle, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open the secret key file: %w", err)
	}
	defer f.Close() //nolint:errcheck // only read
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("open the secret key file: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("the secret key file %s is not a file", path)
	}
	if p := info.Mode().Perm(); p&0o077 != 0 {
		return nil, fmt.Errorf("%w: %s has mode %04o. Run chmod 600 %[2]s; if others could read it, consider its secrets known", ErrPermissions, path, p)
	}
	text, err := io.ReadAll(io.LimitReader(f, maxKeyFile))
	if err != nil {
		return nil, fmt.Errorf("read the secret key file: %w", err)
	}
	h, err := parse(text)
	if err != nil {
		// Tink's error could quote the file, so it stays here.
		return nil, fmt.Errorf("the secret key file %s is damaged. Restore it from a backup: without it, nothing that it sealed can be opened", path)
	}
	return h, nil
}

func parse(text []byte) (*keyset.Handle, error) {
	return insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(text)))
}

// create puts a new key at path, complete or not at all: it writes a file
// beside it and links it into place, which fails when another process was first.
func create(path string) error {
	h, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return write(path, h, os.Link)
}

// Put writes a key file that was kept elsewhere (mode 0600); os.ErrExist when there is
// one.
func Put(path string, text []byte) error {
	h, err := parse(text)
	if err != nil {
		return errors.New("the secret key is damaged") // Tink's error could quote it
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return write(path, h, os.Link)
}

// AddKey puts another key into the file at path, beside those there, and
// returns its fingerprint. It seals nothing until it is told to be used.
func AddKey(path string) (fingerprint string, err error) {
	h, err := readFile(path)
	if err != nil {
		return "", err
	}
	m := keyset.NewManagerFromHandle(h)
	id, err := m.Add(aead.AES256GCMKeyTemplate())
	if err != nil {
		return "", fmt.Errorf("make another secret key: %w", err)
	}
	if h, err = m.Handle(); err != nil {
		return "", fmt.Errorf("make another secret key: %w", err)
	}
	k, err := newKeys(h)
	if err != nil {
		return "", err
	}
	for _, one := range k.byName {
		if one.id == id {
			return one.fingerprint, replace(path, h)
		}
	}
	return "", errors.New("make another secret key: it is not there")
}

// KeepOnly removes every key from the file at path but the one named, for when
// nothing is sealed with the others any more.
func KeepOnly(path, fingerprint string) error {
	h, err := readFile(path)
	if err != nil {
		return err
	}
	k, err := newKeys(h)
	if err != nil {
		return err
	}
	kept, there := k.byName[fingerprint]
	if !there {
		return ErrNoKey
	}
	m := keyset.NewManagerFromHandle(h)
	if err := m.SetPrimary(kept.id); err != nil {
		return fmt.Errorf("keep one secret key: %w", err)
	}
	for _, one := range k.byName {
		if one.id == kept.id {
			continue
		}
		if err := m.Delete(one.id); err != nil {
			return fmt.Errorf("keep one secret key: %w", err)
		}
	}
	if h, err = m.Handle(); err != nil {
		return fmt.Errorf("keep one secret key: %w", err)
	}
	return replace(path, h)
}

func replace(path string, h *keyset.Handle) error {
	place := func(from, to string) error {
		if err := sameOwner(from, to); err != nil {
			return err
		}
		return os.Rename(from, to)
	}
	if err := write(path, h, place); err != nil {
		return fmt.Errorf("write the secret key file: %w", err)
	}
	return nil
}

// write puts a keyset beside path and then into place, whole or not at all.
func write(path string, h *keyset.Handle, place func(from, to string) error) error {
	var text bytes.Buffer
	if err := insecurecleartextkeyset.Write(h, keyset.NewJSONWriter(&text)); err != nil {
		return err
	}
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, ".secret.key-") // mode 0600, opened with O_EXCL
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) //nolint:errcheck // it is in place, or a second name of a private file harms nobody
	_, err = f.Write(append(text.Bytes(), '\n'))
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := place(f.Name(), path); err != nil {
		return err
	}
	return syncDir(dir)
}

// syncDir makes a new name in dir survive a power cut.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
