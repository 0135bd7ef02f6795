package main

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

func TestVersions(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 30, 22, 1, 2, 0, time.UTC)
	for described, want := range map[string]string{
		"v1.2.3": "1.2.3", "1.2.3": "1.2.3", "v1.2.3-rc.1": "1.2.3-rc.1", "v1.2.3-dirty": "1.2.3+dirty",
		"v1.2.3-4-gabc1234": "1.2.3+4.gabc1234", "v1.2.3-4-gabc1234-dirty": "1.2.3+4.gabc1234.dirty",
		"abc1234": "0.0.0+20261130220102.gabc1234", "abc1234-dirty": "0.0.0+20261130220102.gabc1234.dirty",
		"dev": "", "": "", "v1": "", "1.2.3; rm": "",
	} {
		got, err := semantic(described, released{}, at)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q is version %q, %v; want %q", described, got, err, want)
		}
	}
	last := released{"0.4.0", "abc1234000000000000000000000000000000000"}
	for described, want := range map[string]string{"abc1234": "0.4.0", "abc1234-dirty": "0.4.0+20261130220102.gabc1234.dirty",
		"abc9999": "0.4.0+20261130220102.gabc9999", "v0.5.0": "0.5.0"} {
		if got, err := semantic(described, last, at); got != want || err != nil {
			t.Errorf("after 0.4.0 %q is version %q, %v; want %q", described, got, err, want)
		}
	}
	if got := debian("1.2.3-rc.1"); got != "1.2.3~rc.1" {
		t.Errorf("Debian has %s", got)
	}
	if got := (&release{version: "1.2.3+4.gabc"}).tag(); got != "1.2.3-4.gabc" {
		t.Errorf("the tag is %s", got)
	}
}

// The releases that are noted in the source are found, without tags.
func TestLastRelease(t *testing.T) {
	t.Parallel()
	r := &release{root: filepath.Join("..", "..")}
	if last := r.last(); last.version == "" || len(last.commit) != 40 {
		t.Errorf("the last release is %+v", last)
	}
	r.root = t.TempDir()
	if last := r.last(); last != (released{}) {
		t.Errorf("where none is noted: %+v", last)
	}
}

// Without history there is no time, and so it is asked for instead of invented.
func TestWithoutHistory(t *testing.T) {
	t.Setenv("SOURCE_DATE_EPOCH", "")
	folder := t.TempDir()
	if _, err := newRelease(t.Context(), folder, "1.2.3", ""); err == nil || !strings.Contains(err.Error(), "SOURCE_DATE_EPOCH") {
		t.Errorf("without a commit: %v", err)
	}
	t.Setenv("SOURCE_DATE_EPOCH", "1700000000")
	r, err := newRelease(t.Context(), folder, "1.2.3", "")
	if err != nil || r.version != "1.2.3" || r.time.Unix() != 1700000000 {
		t.Errorf("with SOURCE_DATE_EPOCH: %+v, %v", r, err)
	}
}

func TestAuthorities(t *testing.T) {
	t.Parallel()
	pool, all := x509.NewCertPool(), authorities()
	if !pool.AppendCertsFromPEM(all) {
		t.Fatal("no certificates")
	}
	names := map[string]bool{}
	for rest := all; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		names[c.Subject.CommonName] = true
	}
	if len(names) < 80 || !names["Amazon Root CA 1"] {
		t.Errorf("%d authorities, Amazon's among them: %v", len(names), names["Amazon Root CA 1"])
	}
	if !bytes.Equal(all, authorities()) {
		t.Error("they come in another order every time")
	}
}

// What the Dockerfile would say and this does not know makes no other image: it is an error.
func TestUnknownInstructions(t *testing.T) {
	t.Parallel()
	r := &release{root: filepath.Join("..", "..")}
	for _, line := range []string{"RUN echo", "WORKDIR /data", "SHELL [\"sh\"]", "ENTRYPOINT console", "CMD serve",
		"COPY --from=build /else /", "COPY --from=other /console /",
		"COPY --chown=postern LICENSE /", "COPY nowhere /",
	} {
		parsed, err := parser.Parse(strings.NewReader("FROM scratch\n" + line))
		if err != nil {
			t.Fatal(err)
		}
		stages, _, err := instructions.Parse(parsed.AST, nil)
		if err != nil {
			t.Fatal(err)
		}
		command := stages[0].Commands[0]
		if c, ok := command.(*instructions.CopyCommand); ok {
			_, err = r.copied(c, "console")
		} else {
			err = describe(&v1.Config{}, command)
		}
		if err == nil {
			t.Errorf("%s is passed over", line)
		}
	}
}
