package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/google/licensecheck"
)

// licenceFile is what a file is called that says what may be done with a part.
var licenceFile = regexp.MustCompile(`(?i)^(licen[cs]e|copying|notice|patents)([-.].*)?$`)

// leastCovered is how much of a licence must be a text that is known, in
// percent. The rest are names and years.
const leastCovered = 80

// linked are the modules that are linked into ./cmd/console on Linux.
func linked(root string) ([]part, error) {
	files := map[string][]string{} // of each module
	for _, arch := range []string{"amd64", "arm64"} {
		list := exec.Command("go", "list", "-deps", "-json=Dir,Module", "./cmd/console")
		list.Dir, list.Stderr = root, os.Stderr
		list.Env = append(os.Environ(), "GOOS=linux", "GOARCH="+arch, "CGO_ENABLED=0")
		out, err := list.Output()
		if err != nil {
			return nil, fmt.Errorf("go list: %w", err)
		}
		if err := addPackages(files, out); err != nil {
			return nil, err
		}
	}
	var parts []part
	for module, names := range files {
		p, err := read(module, names)
		if err != nil {
			return nil, err
		}
		parts = append(parts, p)
	}
	return parts, nil
}

// addPackages adds the licence files that count for the packages of a list of
// go list: those of its module, and those on the way from there to the package.
func addPackages(files map[string][]string, list []byte) error {
	for d := json.NewDecoder(bytes.NewReader(list)); ; {
		var p struct {
			Dir    string
			Module *struct {
				Path, Dir string
				Main      bool
			}
		}
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if p.Module == nil || p.Module.Main {
			continue // the standard library, and ours
		}
		found := files[p.Module.Path]
		for dir := p.Dir; strings.HasPrefix(dir, p.Module.Dir); dir = filepath.Dir(dir) {
			entries, err := os.ReadDir(dir)
			if err != nil {
				return err
			}
			for _, e := range entries {
				if name := filepath.Join(dir, e.Name()); !e.IsDir() && licenceFile.MatchString(e.Name()) && !slices.Contains(found, name) {
					found = append(found, name)
				}
			}
		}
		slices.Sort(found)
		files[p.Module.Path] = found
	}
}

// vendored are the files from npm, as vendor.json lists them.
func vendored(folder string) ([]part, error) {
	text, err := os.ReadFile(filepath.Join(folder, "vendor.json"))
	if err != nil {
		return nil, err
	}
	var all []struct{ File, Package, License string }
	if err := json.Unmarshal(text, &all); err != nil {
		return nil, err
	}
	var parts []part
	for _, f := range all {
		if slices.ContainsFunc(parts, func(p part) bool { return p.name == f.Package }) {
			continue // one licence for all its files
		}
		name, _, _ := strings.Cut(f.File, ".")
		p, err := read(f.Package, []string{filepath.Join(folder, name+".LICENSE.txt")})
		if err != nil {
			return nil, err
		}
		if !slices.Equal(p.ids, []string{f.License}) {
			return nil, fmt.Errorf("%s: vendor.json says %s, its licence is %v", f.Package, f.License, p.ids)
		}
		parts = append(parts, p)
	}
	return parts, nil
}

// read makes a part of its licence files.
func read(name string, files []string) (part, error) {
	p := part{name: name}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			return p, err
		}
		text := strings.TrimSpace(strings.ReplaceAll(string(raw), "\r\n", "\n"))
		if base := strings.ToLower(filepath.Base(file)); !strings.HasPrefix(base, "notice") && !strings.HasPrefix(base, "patents") {
			known := licensecheck.Scan(raw)
			if known.Percent < leastCovered {
				return p, fmt.Errorf("%s: only %.0f %% of %s is a licence that is known", name, known.Percent, file)
			}
			for _, m := range known.Match {
				if !slices.Contains(p.ids, m.ID) {
					p.ids = append(p.ids, m.ID)
				}
			}
		}
		p.texts = append(p.texts, text)
	}
	if len(p.ids) == 0 {
		return p, fmt.Errorf("%s has no licence", name)
	}
	return p, nil
}
