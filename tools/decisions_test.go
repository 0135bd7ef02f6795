package tools

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

const decisions = "../docs/decisions/"

// decision is what stands at the head of a file of docs/decisions:
//
//	# 12. No job queue yet
//
//	2026-11-23 · accepted
type decision struct{ file, title, date, status string }

var (
	decisionHead = regexp.MustCompile(`^# (\d+)\. (.+)\n\n(\d{4}-\d\d-\d\d) · (.+)\n\n\S`)
	replacedBy   = regexp.MustCompile(`^superseded by \[\d{4}\]\((\d{4}-[a-z0-9-]+\.md)\)$`)
)

func readDecision(t *testing.T, file string, number int) decision {
	t.Helper()
	text, err := os.ReadFile(decisions + file)
	if err != nil {
		t.Fatal(err)
	}
	head := decisionHead.FindStringSubmatch(string(text))
	if head == nil {
		t.Fatalf("%s does not begin with a title, a date and a status, as the others do", file)
	}
	d := decision{file: file, title: head[2], date: head[3], status: head[4]}
	if head[1] != fmt.Sprint(number) {
		t.Errorf("%s says that it is number %s", file, head[1])
	}
	if _, err := time.Parse(time.DateOnly, d.date); err != nil {
		t.Errorf("%s: %v", file, err)
	}
	if d.status == "accepted" {
		return d
	}
	by := replacedBy.FindStringSubmatch(d.status)
	if by == nil {
		t.Errorf("%s: the status %q is neither accepted nor superseded by another decision", file, d.status)
	} else if _, err := os.Stat(decisions + by[1]); err != nil {
		t.Errorf("%s is superseded by what is not there: %v", file, err)
	}
	return d
}

// Decisions are numbered without a gap, and the index has them as their files do.
func TestDecisionsAreInTheIndex(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(decisions + "[0-9]*")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	var want strings.Builder
	for i, path := range files { // sorted by name
		file, number := filepath.Base(path), i+1
		if !regexp.MustCompile(fmt.Sprintf(`^%04d-[a-z0-9-]+\.md$`, number)).MatchString(file) {
			t.Fatalf("%s is where number %04d should be: numbers are given once, and without a gap", file, number)
		}
		d := readDecision(t, file, number)
		fmt.Fprintf(&want, "| [%04d](%s) | %s | %s | %s |\n", number, file, d.date, d.title, d.status)
	}
	index, err := os.ReadFile(decisions + "README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rows, _ := strings.Cut(string(index), "|---|---|---|---|\n")
	if rows != want.String() {
		t.Errorf("docs/decisions/README.md should list:\n%s", want.String())
	}
}
