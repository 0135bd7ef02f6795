package kit

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/failure"
	"github.com/postern-sso/postern/templates/layout"
	"github.com/postern-sso/postern/templates/paths"
)

// partWords are what a part is called, how it goes, and where it is seen.
var partWords = map[store.Part]struct{ name, gone string }{
	store.PartIdentity:    {"This AWS identity", "unlinked"},
	store.PartMembership:  {"This membership by hand", "removed"},
	store.PartPasskey:     {"This passkey", "removed"},
	store.PartSession:     {"This session", "ended"},
	store.PartAppSecret:   {"This secret", "removed"},
	store.PartSCIMToken:   {"This token", "taken back"},
	store.PartPassword:    {"The password for programs", "removed"},
	store.PartSetupLink:   {"This setup link", "revoked"},
	store.PartTraceLink:   {"This link", "ended"},
	store.PartDraft:       {"The draft", "discarded"},
	store.PartRevision:    {"This revision", "removed"},
	store.PartCertificate: {"This certificate", "removed"},
	store.PartBulk:        {"This bulk change", "undone"},
}

// partGone answers an action on a part that is not there: where somebody took it
// away, the page that it was on says who and when; else a page says which part is
// not there.
func (k *Kit) partGone(w http.ResponseWriter, r *http.Request, g *store.Gone) error {
	words, ok := partWords[g.Part]
	if !ok {
		words.name, words.gone = "This part", "removed"
	}
	path := r.URL.Path
	if g.Part == store.PartTraceLink && strings.HasSuffix(path, "/end") {
		path = parent(path) // the page above it is its own
	}
	back := k.pageAbove(path)
	e, err := k.Store.WhoTook(r.Context(), g)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if err != nil || r.Method != http.MethodPost {
		k.FailPage(w, r, http.StatusNotFound, failure.PartGone(words.name, back))
		return nil
	}
	if e.Action == "connection.go_live" {
		words.gone = "taken live"
	}
	return k.AlreadyDone(w, r, back, words.name+" was already "+words.gone, e)
}

// AlreadyDone answers what was done before, by a message that says by whom and
// when, on the page where that shows. did is a sentence without its end; an entry
// without an actor leaves out who.
func (k *Kit) AlreadyDone(w http.ResponseWriter, r *http.Request, back, did string, e model.AuditEntry) error {
	text := "Nothing was left to do. " + did
	if e.Actor != "" {
		text += fmt.Sprintf(" by %s %s", e.Actor, Ago(k.Now().Sub(e.At)))
	}
	k.PutFlash(r, layout.Flash{Kind: "warning", Text: text + "."})
	return SeeOther(w, r, back)
}

// AlreadyGone is AlreadyDone for a part whose way is known; the page is chosen by
// who calls it.
func (k *Kit) AlreadyGone(w http.ResponseWriter, r *http.Request, back string, g *store.Gone) error {
	words := partWords[g.Part]
	return k.AlreadyDone(w, r, back, words.name+" was already "+words.gone, model.AuditEntry{Actor: g.By, At: g.At})
}

// pageAbove is the nearest page of the console above an address of an action.
func (k *Kit) pageAbove(path string) string {
	for path = parent(path); path != ""; path = parent(path) {
		for _, rt := range k.console {
			if rt.Method == http.MethodGet && rt.Proof == Anytime && Fits(rt.Pattern, path) {
				return path
			}
		}
	}
	return paths.Overview
}

func parent(path string) string {
	i := strings.LastIndexByte(path, '/')
	return path[:max(i, 0)]
}

// Fits tells whether a path has the form of a route's pattern.
func Fits(pattern, path string) bool {
	want, got := strings.Split(pattern, "/"), strings.Split(path, "/")
	if len(want) != len(got) {
		return false
	}
	for i, part := range want {
		if part != got[i] && !strings.HasPrefix(part, "{") {
			return false
		}
	}
	return true
}

// Ago says how long something has been, in words.
func Ago(d time.Duration) string {
	count := func(n int, one string) string {
		if n == 1 {
			return "a " + one + " ago"
		}
		return fmt.Sprintf("%d %ss ago", n, one)
	}
	switch {
	case d < time.Minute:
		return "a moment ago"
	case d < time.Hour:
		return count(int(d/time.Minute), "minute")
	case d < 2*time.Hour:
		return "an hour ago"
	case d < 24*time.Hour:
		return count(int(d/time.Hour), "hour")
	default:
		return count(int(d/(24*time.Hour)), "day")
	}
}
