// Command pictures keeps docs/images/pictures.json: which page each picture of
// the guide shows, and of which templates that page is made.
//
//	go run -C tools ./pictures list    prints page and picture, a line each
//	go run -C tools ./pictures stamp   notes that the pictures show the templates as they are now
//
// scripts/screenshots takes the pictures. A test fails for one that is older than
// its templates.
package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

const (
	templates = "../templates" // the tools are run in their own folder
	images    = "../docs/images"
	manifest  = images + "/pictures.json"
)

// picture is one of docs/images.
type picture struct {
	Picture   string   `json:"picture"`
	Page      string   `json:"page"`      // as the browser tests name it
	Templates []string `json:"templates"` // of the page and its frame; the end of the path, as much as it takes
	SHA256    string   `json:"sha256"`    // of the templates that the picture shows
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "pictures:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	all, err := load(manifest)
	if err != nil {
		return err
	}
	switch strings.Join(args, " ") {
	case "list":
		for _, p := range all {
			fmt.Println(p.Page, p.Picture)
		}
		return nil
	case "stamp":
		return stamp(manifest, templates, all)
	}
	return errors.New("usage: pictures list|stamp")
}

func load(file string) ([]picture, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var all []picture
	return all, json.Unmarshal(text, &all)
}

// stamp writes the pictures with the hashes of today's templates.
func stamp(file, folder string, all []picture) error {
	var out bytes.Buffer
	for i, p := range all {
		hash, err := hashOf(folder, p.Templates)
		if err != nil {
			return fmt.Errorf("%s: %w", p.Picture, err)
		}
		p.SHA256 = hash
		line, err := json.Marshal(p)
		if err != nil {
			return err
		}
		fmt.Fprintf(&out, "%s\n  %s", map[bool]string{true: "[", false: ","}[i == 0], line)
	}
	out.WriteString("\n]\n")
	return os.WriteFile(file, out.Bytes(), 0o644) //nolint:gosec // as everything else in the repository
}

// hashOf is the hash of what templates show. It is the same wherever they are.
func hashOf(folder string, names []string) (string, error) {
	h := sha256.New()
	for _, name := range names {
		file, err := find(folder, name)
		if err != nil {
			return "", err
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return "", err
		}
		_, _ = h.Write(shown(text)) // a hash never fails
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// find is the one template whose path ends so.
func find(folder, name string) (string, error) {
	var found []string
	err := filepath.WalkDir(folder, func(path string, _ fs.DirEntry, err error) error {
		if strings.HasSuffix(filepath.ToSlash(path), "/"+name) {
			found = append(found, path)
		}
		return err
	})
	if err == nil && len(found) != 1 {
		err = fmt.Errorf("%d templates are called %s, want one", len(found), name)
	}
	if err != nil {
		return "", err
	}
	return found[0], nil
}

// What a template has for its folder's sake, or for those who read it.
var (
	clauses    = regexp.MustCompile(`(?m)^(package \w+|import (\((?s:.*?)^\)|"[^"]*"))\n`)
	comments   = regexp.MustCompile(`(?m)^\s*//.*\n`)
	qualifiers = regexp.MustCompile(`\b[a-z]\w*\.([A-Z])`)
	emptyLines = regexp.MustCompile(`\n{2,}`)
)

// shown is what of a template can be seen on its page.
func shown(text []byte) []byte {
	text = comments.ReplaceAll(clauses.ReplaceAll(text, nil), nil)
	return emptyLines.ReplaceAll(qualifiers.ReplaceAll(text, []byte("$1")), []byte("\n"))
}
