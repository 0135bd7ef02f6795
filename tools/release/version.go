package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// release is what is the same for everything that is made.
type release struct {
	root    string    // absolute
	version string    // Semantic Versioning
	commit  string    // empty where there is no history
	time    time.Time // of everything that has a time
	made    []string  // names of files
}

// newRelease asks git for what it is not told: the version, and by
// SOURCE_DATE_EPOCH the time.
func newRelease(ctx context.Context, root, described, commit string) (*release, error) {
	root, err := filepath.Abs(root)
	if err != nil {
		return nil, err
	}
	git := func(args ...string) string {
		out, err := exec.CommandContext(ctx, "git", append([]string{"-c", "safe.directory=*", "-C", root}, args...)...).Output()
		if err != nil {
			return ""
		}
		return strings.TrimSpace(string(out))
	}
	r := &release{root: root, commit: cmp.Or(commit, git("rev-parse", "HEAD"))}
	seconds := os.Getenv("SOURCE_DATE_EPOCH")
	if seconds == "" {
		seconds = git("log", "-1", "--format=%ct")
	}
	at, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return nil, errors.New("there is no commit to take the time from: set SOURCE_DATE_EPOCH to its seconds since 1970, and -version")
	}
	r.time = time.Unix(at, 0).UTC()
	described = cmp.Or(described, git("describe", "--tags", "--always", "--dirty", "--abbrev=12"))
	if r.version, err = semantic(described, r.last(), r.time); err != nil {
		return nil, err
	}
	if strings.HasSuffix(r.version, "dirty") && r.commit != "" {
		r.commit += " (modified)"
	}
	return r, nil
}

var (
	tagged   = regexp.MustCompile(`^v?(\d+\.\d+\.\d+)(-[0-9A-Za-z.]+)?$`)
	afterTag = regexp.MustCompile(`^v?(\d+\.\d+\.\d+)-(\d+)-g([0-9a-f]+)(-dirty)?$`)
	noTag    = regexp.MustCompile(`^([0-9a-f]{7,40})(-dirty)?$`)
)

// released is a release as deploy/releases has it: a clone may lack the tags.
type released struct{ version, commit string }

// last is the newest release; without one the zero value.
func (r *release) last() (newest released) {
	text, err := os.ReadFile(r.at("deploy/releases"))
	if err != nil {
		return released{}
	}
	for line := range strings.Lines(string(text)) {
		if f := strings.Fields(line); len(f) >= 2 && tagged.MatchString(f[0]) {
			newest = released{f[0], f[1]}
		}
	}
	return newest
}

// semantic is what git describe says as a version of Semantic Versioning; to dpkg the
// later one is the greater, too. Without a tag it begins
// with the last release, or with zeros where there was none.
func semantic(described string, last released, at time.Time) (string, error) {
	dirty := func(suffix string) string { return strings.Replace(suffix, "-", ".", 1) }
	if m := afterTag.FindStringSubmatch(described); m != nil {
		return fmt.Sprintf("%s+%s.g%s%s", m[1], m[2], m[3], dirty(m[4])), nil
	}
	if m := noTag.FindStringSubmatch(described); m != nil {
		if m[2] == "" && strings.HasPrefix(last.commit, m[1]) {
			return last.version, nil
		}
		return fmt.Sprintf("%s+%s.g%s%s", cmp.Or(last.version, "0.0.0"), at.Format("20060102150405"), m[1], dirty(m[2])), nil
	}
	if m := tagged.FindStringSubmatch(described); m != nil {
		return m[1] + strings.Replace(m[2], "-dirty", "+dirty", 1), nil
	}
	return "", fmt.Errorf("the version %q is none: want for example 1.2.3, v1.2.3, or what git describe says", described)
}

// tag is the version as tags of images have it: they know no plus sign.
func (r *release) tag() string { return strings.ReplaceAll(r.version, "+", "-") }

// name notes a file that is made, and returns its place.
func (r *release) name(out, format string, args ...any) string {
	name := fmt.Sprintf(format, args...)
	r.made = append(r.made, name)
	return filepath.Join(out, name)
}
