package main

import (
	"archive/tar"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// entry is a file or folder of an archive.
type entry struct {
	name     string // a folder's ends in a slash
	mode     int64
	uid, gid int
	text     []byte
}

// writeTar writes the entries in the order of their names, so that it is the same every time.
func writeTar(w io.Writer, entries []entry, at time.Time) error {
	slices.SortFunc(entries, func(a, b entry) int { return strings.Compare(a.name, b.name) })
	t := tar.NewWriter(w)
	for _, e := range entries {
		h := &tar.Header{Name: e.name, Mode: e.mode, Uid: e.uid, Gid: e.gid, Size: int64(len(e.text)), ModTime: at, Format: tar.FormatPAX, Typeflag: tar.TypeReg}
		if strings.HasSuffix(e.name, "/") {
			h.Typeflag = tar.TypeDir
		}
		if err := t.WriteHeader(h); err != nil {
			return err
		}
		if _, err := t.Write(e.text); err != nil {
			return err
		}
	}
	return t.Close()
}

// writeFile makes a file in one step: half of one is never found.
func writeFile(path string, write func(io.Writer) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".making-")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	if err := errors.Join(write(f), f.Chmod(0o644), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// writeTarGz writes the entries, compressed.
func writeTarGz(path string, entries []entry, at time.Time) error {
	return writeFile(path, func(w io.Writer) error {
		z := gzip.NewWriter(w)
		if err := writeTar(z, entries, at); err != nil {
			return err
		}
		return z.Close()
	})
}

// under are the files of a folder, below prefix.
func under(folder, prefix string) ([]entry, error) {
	var entries []entry
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(folder, path)
		if err != nil {
			return err
		}
		text, err := os.ReadFile(path)
		entries = append(entries, entry{name: prefix + filepath.ToSlash(name), mode: 0o644, text: text})
		return err
	})
	return entries, err
}

// packProgram makes the archive for people who install by hand.
func (r *release) packProgram(arch, program, out string) error {
	folder := fmt.Sprintf("postern-%s-linux-%s", r.version, arch)
	var entries []entry
	for name, file := range map[string]string{"console": program, "LICENSE": r.at("LICENSE"), "NOTICE": r.at("NOTICE"),
		"configuration.md": r.at("docs/configuration.md"), "roles.sql": r.at("scripts/roles.sql"),
		"postern.service": r.at("deploy/deb/postern.service"), "postern.env": r.at("deploy/deb/postern.env")} {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		e := entry{name: folder + "/" + name, mode: 0o644, text: text}
		if name == "console" {
			e.mode = 0o755
		}
		entries = append(entries, e)
	}
	return writeTarGz(r.name(out, "%s.tar.gz", folder), entries, r.time)
}

// chartVersions are the places for the version in Chart.yaml.
var chartVersions = regexp.MustCompile(`(?m)^(appV|v)ersion: 0\.0\.0$`)

// packChart makes the archive of the chart, which has the version of what it installs.
func (r *release) packChart(out string) error {
	entries, err := under(r.at("deploy/chart"), "postern/")
	if err != nil {
		return err
	}
	at := slices.IndexFunc(entries, func(e entry) bool { return e.name == "postern/Chart.yaml" })
	if at < 0 {
		return errors.New("deploy/chart has no Chart.yaml")
	}
	if len(chartVersions.FindAll(entries[at].text, -1)) != 2 {
		return errors.New("deploy/chart/Chart.yaml has no lines “version: 0.0.0” and “appVersion: 0.0.0”")
	}
	entries[at].text = chartVersions.ReplaceAll(entries[at].text, []byte("${1}ersion: "+r.version))
	return writeTarGz(r.name(out, "postern-chart-%s.tgz", r.version), entries, r.time)
}

// checksums writes what sha256sum --check reads.
func (r *release) checksums(out string) error {
	slices.Sort(r.made)
	return writeFile(filepath.Join(out, "SHA256SUMS"), func(w io.Writer) error {
		for _, name := range r.made {
			text, err := os.ReadFile(filepath.Join(out, name))
			if err != nil {
				return err
			}
			sum := sha256.Sum256(text)
			if _, err := fmt.Fprintf(w, "%s  %s\n", hex.EncodeToString(sum[:]), name); err != nil {
				return err
			}
		}
		return nil
	})
}

// at is a file of the source.
func (r *release) at(name string) string { return filepath.Join(r.root, filepath.FromSlash(name)) }
