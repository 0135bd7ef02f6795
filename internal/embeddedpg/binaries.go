package embeddedpg

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// packageGlobs are the folders where packages put the server programs when they
// do not put them into PATH: Debian and Ubuntu, PGDG on RHEL, Alpine, Homebrew.
var packageGlobs = []string{
	"/usr/lib/postgresql/*/bin",
	"/usr/pgsql-*/bin",
	"/usr/libexec/postgresql*",
	"/opt/homebrew/opt/postgresql@*/bin",
	"/usr/local/opt/postgresql@*/bin",
}

// NotFoundError says that no PostgreSQL server programs are installed.
type NotFoundError struct {
	Looked []string // folders and patterns searched
}

func (e *NotFoundError) Error() string {
	return "no PostgreSQL server programs (postgres, initdb) found in " + strings.Join(e.Looked, ", ") + `.
Postern needs them for its private database. Install them:
  Debian, Ubuntu:  apt-get install postgresql
  RHEL, Fedora:    dnf install postgresql-server
  Alpine:          apk add postgresql
  macOS:           brew install postgresql@17
or give Postern a database with --database-url (POSTERN_DATABASE_URL)`
}

// VersionError says that no installed PostgreSQL can open the cluster: a
// cluster opens only with the major version that made it.
type VersionError struct {
	Cluster   int    // major version that made the cluster
	Installed []int  // major versions found
	Data      string // the cluster's folder
}

func (e *VersionError) Error() string {
	found := make([]string, len(e.Installed))
	for i, v := range e.Installed {
		found[i] = strconv.Itoa(v)
	}
	return fmt.Sprintf(`the database in %[1]s was made by PostgreSQL %[2]d, but only version %[3]s is installed.
Nothing was changed. Install PostgreSQL %[2]d again beside it (Debian, Ubuntu: apt-get install postgresql-%[2]d). Then Postern starts;
“console database upgrade” moves the database to the newer version, and after that PostgreSQL %[2]d may go.
Where PostgreSQL %[2]d cannot be had any more, restore a backup (“console restore”) into another data folder`,
		e.Data, e.Cluster, strings.Join(found, ", "))
}

// FindBinaries returns the folder of the PostgreSQL server programs: extra when
// it holds them, else the one of PATH, else the newest that a package
// installed. The error is a *NotFoundError when there are none.
func FindBinaries(extra string) (dir string, err error) {
	dirs, err := findAll(extra, nil)
	if err != nil {
		return "", err
	}
	return dirs[0], nil
}

// findAll returns every folder with server programs, best first, at least one.
// Nil globs mean packageGlobs.
func findAll(extra string, globs []string) ([]string, error) {
	if globs == nil {
		globs = packageGlobs
	}
	candidates, looked := []string{}, []string{}
	if extra != "" {
		candidates, looked = append(candidates, extra), append(looked, extra)
	}
	looked = append(looked, "PATH")
	if program, err := exec.LookPath("postgres"); err == nil {
		candidates = append(candidates, realDir(program), filepath.Dir(program))
	}
	for _, g := range globs {
		looked = append(looked, g)
		found, err := filepath.Glob(g)
		if err != nil {
			return nil, fmt.Errorf("look for PostgreSQL in %s: %w", g, err)
		}
		slices.SortFunc(found, func(a, b string) int { return firstNumber(b) - firstNumber(a) })
		candidates = append(candidates, found...)
	}
	var dirs []string
	for _, dir := range candidates {
		if real, err := filepath.EvalSymlinks(dir); err == nil {
			dir = real
		}
		if hasServer(dir) && !slices.Contains(dirs, dir) {
			dirs = append(dirs, dir)
		}
	}
	if len(dirs) == 0 {
		return nil, &NotFoundError{Looked: looked}
	}
	return dirs, nil
}

// realDir is the folder of the file that program is a link to.
func realDir(program string) string {
	if real, err := filepath.EvalSymlinks(program); err == nil {
		program = real
	}
	return filepath.Dir(program)
}

// hasServer tells whether dir holds the programs that the package runs.
func hasServer(dir string) bool {
	for _, name := range []string{"postgres", "initdb"} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.IsDir() || info.Mode()&0o111 == 0 {
			return false
		}
	}
	return true
}

var digits = regexp.MustCompile(`[0-9]+`)

// firstNumber is the first number in text, 0 when there is none: 17 for
// /usr/lib/postgresql/17/bin. Compared as text, 9 would come after 17.
func firstNumber(text string) int {
	n, err := strconv.Atoi(digits.FindString(text))
	if err != nil {
		return 0
	}
	return n
}

// majorVersion asks the server program for its version. It prints, for example,
// "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)".
func majorVersion(ctx context.Context, bin string) (int, error) {
	out, err := exec.CommandContext(ctx, filepath.Join(bin, "postgres"), "--version").Output()
	if err != nil {
		return 0, fmt.Errorf("ask %s/postgres for its version: %w", bin, err)
	}
	n := firstNumber(string(out))
	if n == 0 {
		return 0, fmt.Errorf("ask %s/postgres for its version: it printed %q", bin, out)
	}
	return n, nil
}

// chooseBinaries returns the folder of programs that fit the cluster in data:
// the best one for a new cluster, the best of the same major version for an
// existing one, even when a newer version is installed beside it.
func chooseBinaries(ctx context.Context, dirs []string, data string) (string, error) {
	text, err := os.ReadFile(filepath.Join(data, "PG_VERSION"))
	if errors.Is(err, os.ErrNotExist) {
		return dirs[0], nil
	}
	if err != nil {
		return "", fmt.Errorf("read the cluster's version: %w", err)
	}
	want, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return "", fmt.Errorf("%s/PG_VERSION holds %q, which is no version of PostgreSQL that Postern knows", data, text)
	}
	var installed []int
	for _, dir := range dirs {
		major, err := majorVersion(ctx, dir)
		if err != nil {
			return "", err
		}
		if major == want {
			return dir, nil
		}
		installed = append(installed, major)
	}
	return "", &VersionError{Cluster: want, Installed: installed, Data: data}
}
