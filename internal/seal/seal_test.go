package seal

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func newKey(t *testing.T) (s *Sealer, path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "secret.key")
	s, err := LoadOrCreate(path)
	if err != nil {
		t.Fatal(err)
	}
	return s, path
}

func TestOpenGivesBackWhatSealGot(t *testing.T) {
	t.Parallel()
	s, path := newKey(t)
	again, err := LoadOrCreate(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, plain := range [][]byte{nil, []byte("x"), bytes.Repeat([]byte("long"), 100_000)} {
		sealed, err := s.Seal(plain, "login:1")
		if err != nil {
			t.Fatal(err)
		}
		if len(plain) > 8 && bytes.Contains(sealed, plain) { // a single byte may stand there by chance
			t.Errorf("the sealed form of %d bytes shows them", len(plain))
		}
		got, err := again.Open(sealed, "login:1") // as after a restart
		if err != nil || !bytes.Equal(got, plain) {
			t.Errorf("%d bytes: got %d bytes back, %v", len(plain), len(got), err)
		}
	}
}

func TestSealTwiceDiffers(t *testing.T) {
	t.Parallel()
	s, _ := newKey(t)
	a, errA := s.Seal([]byte("same"), "login:1")
	b, errB := s.Seal([]byte("same"), "login:1")
	if errA != nil || errB != nil {
		t.Fatal(errA, errB)
	}
	if bytes.Equal(a, b) {
		t.Error("the same text sealed twice gives the same bytes: it shows which secrets are equal")
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	s, _ := newKey(t)
	other, _ := newKey(t)
	sealed, err := s.Seal([]byte("secret"), "login:1")
	if err != nil {
		t.Fatal(err)
	}
	changed := bytes.Clone(sealed)
	changed[len(changed)-1] ^= 1

	for name, c := range map[string]struct {
		sealer  *Sealer
		sealed  []byte
		context string
	}{
		"another key":         {other, sealed, "login:1"},
		"another context":     {s, sealed, "login:2"},
		"no context":          {s, sealed, ""},
		"changed":             {s, changed, "login:1"},
		"truncated":           {s, sealed[:len(sealed)-1], "login:1"},
		"shorter than a name": {s, sealed[:3], "login:1"},
		"nothing":             {s, nil, "login:1"},
		"longer":              {s, append(bytes.Clone(sealed), 0), "login:1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := c.sealer.Open(c.sealed, c.context)
			if !errors.Is(err, ErrOpen) || got != nil {
				t.Errorf("got %q, %v, want ErrOpen", got, err)
			}
		})
	}
}

func TestFingerprint(t *testing.T) {
	t.Parallel()
	s, path := newKey(t)
	other, _ := newKey(t)
	again, err := LoadOrCreate(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Fingerprint()) != 16 {
		t.Errorf("fingerprint %q has not 16 digits", s.Fingerprint())
	}
	if s.Fingerprint() != again.Fingerprint() {
		t.Errorf("one key, two fingerprints: %s and %s", s.Fingerprint(), again.Fingerprint())
	}
	if s.Fingerprint() == other.Fingerprint() {
		t.Errorf("two keys, one fingerprint: %s", s.Fingerprint())
	}
}

func TestNewKeyFile(t *testing.T) {
	t.Parallel()
	_, path := newKey(t)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("the key file has mode %v", info.Mode())
	}
	names, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(names) != 1 {
		t.Errorf("beside the key file there is something else: %v, %v", names, err)
	}
}

func TestRefusedKeyFiles(t *testing.T) {
	t.Parallel()
	_, path := newKey(t)
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		text string
		mode os.FileMode
		want string
	}{
		"group may read":   {string(good), 0o640, "chmod 600"},
		"world may read":   {string(good), 0o604, "chmod 600"},
		"group may write":  {string(good), 0o620, "chmod 600"},
		"empty":            {"", 0o600, "damaged"},
		"half a file":      {string(good[:len(good)/2]), 0o600, "damaged"},
		"no keyset at all": {`{"password":"hunter2"}`, 0o600, "damaged"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "secret.key")
			if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(path, c.mode); err != nil { // WriteFile's mode passes the umask
				t.Fatal(err)
			}
			_, err := LoadOrCreate(path)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("got %v, want an error that says %q", err, c.want)
			}
			if errors.Is(err, ErrPermissions) != (c.mode != 0o600) {
				t.Errorf("ErrPermissions for mode %v: %v", c.mode, err)
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the error quotes the file: %v", err)
			}
			after, readErr := os.ReadFile(path)
			if readErr != nil || string(after) != c.text {
				t.Errorf("the file was changed: %v", readErr)
			}
		})
	}
}

func TestKeyFileThatIsAFolder(t *testing.T) {
	t.Parallel()
	if _, err := LoadOrCreate(t.TempDir()); err == nil {
		t.Error("a folder serves as key file")
	}
}

func TestConcurrentCreationAgreesOnOneKey(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "new", "secret.key")
	const processes = 16
	prints := make([]string, processes)
	var all sync.WaitGroup
	for i := range processes {
		all.Go(func() {
			s, err := LoadOrCreate(path)
			if err != nil {
				t.Error(err)
				return
			}
			prints[i] = s.Fingerprint()
		})
	}
	all.Wait()
	for _, p := range prints {
		if p != prints[0] {
			t.Fatalf("different keys: %v", prints)
		}
	}
}
