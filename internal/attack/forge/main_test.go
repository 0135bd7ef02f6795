package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestForge(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	forge := func(args ...string) string {
		var out bytes.Buffer
		args = append([]string{"--key", filepath.Join(dir, "key.pem"), "--certificate", filepath.Join(dir, "certificate.pem")}, args...)
		if err := run(args, &out); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	if list := forge("--list"); strings.Count(list, "\n") < 250 || !strings.Contains(list, "XSW8") {
		t.Errorf("the list:\n%s", list)
	}
	certificate := func(xml string) string {
		_, rest, _ := strings.Cut(xml, "<ds:X509Certificate>")
		text, _, _ := strings.Cut(rest, "<")
		return text
	}
	first, second := forge("--xml", "--subject", "bob"), forge("--xml", "--subject", "bob")
	if !strings.Contains(first, ">bob<") || certificate(first) == "" || certificate(first) != certificate(second) {
		t.Error("the second message is signed by another key than the first")
	}
	unused := filepath.Join(t.TempDir(), "key.pem")
	if err := run([]string{"--key", unused, "--certificate", unused + ".crt", "--variant", "no such thing"}, &bytes.Buffer{}); err == nil {
		t.Error("an unknown variant is no error")
	}
	if _, err := os.Stat(unused); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a key was made for an unknown variant: %v", err)
	}
}
