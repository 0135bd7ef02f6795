package peertest

import (
	"encoding/pem"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
)

// Verifier is Debian's xmlsec1: XML signatures as libxml2 and OpenSSL see them.
type Verifier struct {
	program     string
	libraries   string // folder; empty: the system's
	certificate string // file
}

// NewVerifier makes a verifier that trusts one certificate (DER). The test is
// skipped where xmlsec1 is missing, and fails when the environment says
// REQUIRE_PEERS=1. scripts/setup-peers fetches it.
func NewVerifier(t testing.TB, certificate []byte) *Verifier {
	t.Helper()
	v := &Verifier{}
	if found, err := exec.LookPath("xmlsec1"); err == nil {
		v.program = found
	} else if root, ok := moduleRoot(); ok {
		v.program = filepath.Join(root, ".cache", "xmlsec1", "usr", "bin", "xmlsec1")
		libraries, err := filepath.Glob(filepath.Join(root, ".cache", "xmlsec1", "usr", "lib", "*", "libxmlsec1.so.1"))
		if err == nil && len(libraries) > 0 {
			v.libraries = filepath.Dir(libraries[0])
		}
	}
	if _, err := os.Stat(v.program); err != nil {
		missingPeer(t, errors.New("xmlsec1 is missing; run scripts/setup-peers"))
	}
	v.certificate = filepath.Join(t.TempDir(), "trusted.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate})
	if err := os.WriteFile(v.certificate, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return v
}

// Verifies tells whether xmlsec1 accepts the signature of the Response and that
// of the Assertion in it. Tests may call it at the same time.
func (v *Verifier) Verifies(t testing.TB, message []byte) bool {
	t.Helper()
	return len(v.Refused(t, [][]byte{message})) == 0
}

// Refused are the numbers of the messages that xmlsec1 does not accept, as Verifies
// does. Many messages cost little more than one.
func (v *Verifier) Refused(t testing.TB, messages [][]byte) (refused []int) {
	t.Helper()
	files := make([]string, len(messages))
	folder := t.TempDir()
	for i, m := range messages {
		files[i] = filepath.Join(folder, strconv.Itoa(i)+".xml")
		if err := os.WriteFile(files[i], m, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var look func(from, to int)
	look = func(from, to int) {
		switch {
		case v.verifies(t, files[from:to]):
		case to-from == 1:
			refused = append(refused, from)
		default:
			look(from, (from+to)/2)
			look((from+to)/2, to)
		}
	}
	if len(files) > 0 {
		look(0, len(files))
	}
	return refused
}

// verifies tells whether xmlsec1 accepts both signatures of every file.
func (v *Verifier) verifies(t testing.TB, files []string) bool {
	t.Helper()
	const response = "/*[local-name()='Response']"
	for _, place := range []string{response, response + "/*[local-name()='Assertion']"} {
		args := append([]string{"--verify", "--enabled-key-data", "x509,rsa", "--pubkey-cert-pem", v.certificate,
			"--id-attr:ID", "urn:oasis:names:tc:SAML:2.0:protocol:Response", "--id-attr:ID", "urn:oasis:names:tc:SAML:2.0:assertion:Assertion",
			"--node-xpath", place + "/*[local-name()='Signature']"}, files...)
		cmd := exec.CommandContext(t.Context(), v.program, args...)
		if v.libraries != "" {
			cmd.Env = []string{"LD_LIBRARY_PATH=" + v.libraries}
		}
		if out, err := cmd.CombinedOutput(); err != nil {
			var exit *exec.ExitError
			if !errors.As(err, &exit) {
				t.Fatalf("xmlsec1: %v\n%s", err, out)
			}
			return false
		}
	}
	return true
}
