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
	s, err := load(path)
	if !errors.Is(err, os.ErrNotExist) {
		return s, err
	}
	if err := create(path); err != nil && !errors.Is(err, os.ErrExist) {
		return nil, fmt.Errorf("make the secret key file: %w", err)
	}
	return load(path)
}

func load(path string) (*Sealer, error) {
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
	h, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(text)))
	if err != nil {
		// Tink's error could quote the file, so it stays here.
		return nil, fmt.Errorf("the secret key file %s is damaged. Restore it from a backup: without it, nothing that it sealed can be opened", path)
	}
	return newSealer(h)
}

// create puts a new key at path, complete or not at all: it writes a file
// beside it and links it into place, which fails when another process was first.
func create(path string) error {
	h, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return err
	}
	var text bytes.Buffer
	if err := insecurecleartextkeyset.Write(h, keyset.NewJSONWriter(&text)); err != nil {
		return err
	}
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".secret.key-") // mode 0600, opened with O_EXCL
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) //nolint:errcheck // a second name of a private file harms nobody
	_, err = f.Write(append(text.Bytes(), '\n'))
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); err != nil {
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
