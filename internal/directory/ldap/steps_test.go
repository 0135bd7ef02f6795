package ldap

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/directory"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/peertest"
)

// Each step says what it saw; what comes after one that failed is skipped.
func TestSteps(t *testing.T) {
	t.Parallel()
	people := ""
	for _, uid := range []string{"ana", "ben", "cem", "dana", "eva", "fay", "gus"} {
		people += personLDIF(uid, "")
	}
	s := peertest.StartSlapd(t, peertest.SlapdOptions{LDIF: unitsLDIF + people + groupLDIF("staff", uidDN("ana"), uidDN("ben"))})
	for name, test := range map[string]struct {
		change   func(*model.LDAPSettings)
		password string
		want     string
		say      string // in the step that failed, or else in the last
	}{
		"all well":         {func(*model.LDAPSettings) {}, "secret", failedAt(6), "The group “staff” names 2 members."},
		"nobody there":     {func(s *model.LDAPSettings) { s.URLs = []string{"ldaps://127.0.0.1:1"} }, "secret", failedAt(0), "Nobody answers"},
		"unknown CA":       {func(s *model.LDAPSettings) { s.CA = "" }, "secret", failedAt(1), "authority"},
		"wrong password":   {func(s *model.LDAPSettings) { s.BindDN = peertest.SlapdBlind }, "wrong", failedAt(2), "refuses the account"},
		"no base":          {func(s *model.LDAPSettings) { s.Base = "ou=gone,dc=example,dc=test" }, "secret", failedAt(3), "“ou=gone,dc=example,dc=test”"},
		"no base, groups":  {func(s *model.LDAPSettings) { s.Groups.Base = "ou=gone,dc=example,dc=test" }, "secret", failedAt(3), "“ou=gone,dc=example,dc=test”"},
		"no right":         {func(s *model.LDAPSettings) { s.BindDN = peertest.SlapdBlind }, "secret", failedAt(3), "does not let the account see it"},
		"nobody":           {func(s *model.LDAPSettings) { s.Users.Filter = "(title=none)" }, "secret", failedAt(4), "(title=none)"},
		"no such username": {func(s *model.LDAPSettings) { s.Users.Username = "title" }, "secret", failedAt(4), "no value of title"},
		"no such id":       {func(s *model.LDAPSettings) { s.Users.ID = "title" }, "secret", failedAt(4), "permanent id"},
		"no group":         {func(s *model.LDAPSettings) { s.Groups.Filter = "(cn=none)" }, "secret", failedAt(5), "(cn=none)"},
		"no account":       {func(s *model.LDAPSettings) { s.BindDN = "" }, "secret", failedAt(0), "no account"},
		"next server": {func(s *model.LDAPSettings) {
			s.URLs = []string{"ldaps://127.0.0.1:1", s.URLs[0], "ldaps://127.0.0.1:2"}
		}, "secret",
			"server:failed reach:ok tls:ok bind:ok base:ok person:ok group:ok server:failed", ""},
		"plain": {func(l *model.LDAPSettings) { l.URLs, l.AllowPlain = []string{s.URL}, true }, "secret", failedAt(6), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			settings := settingsOf(s)
			test.change(&settings)
			tested := newReader(t, settings, test.password).Test(t.Context())
			if got := statesOf(tested); got != test.want {
				t.Errorf("%s, want %s", got, test.want)
			}
			last := tested.Steps[len(tested.Steps)-1]
			for _, step := range tested.Steps {
				if (step.State == directory.StepFailed) != (step.Remedy != "") || (step.State == directory.StepSkipped) != (step.Detail == "") || step.Title == "" {
					t.Errorf("%+v", step)
				}
				if step.State == directory.StepFailed {
					last = step
				}
			}
			if !strings.Contains(last.Detail, test.say) {
				t.Errorf("said %q, want something about %q", last.Detail, test.say)
			}
			if (tested.Certificate != nil) != (settings.URLs[0] != "ldaps://127.0.0.1:1" && settings.BindDN != "" && !settings.AllowPlain || len(settings.URLs) > 1) ||
				tested.Certificate != nil && tested.Certificate.SHA256 != s.Leaf.Fingerprint {
				t.Errorf("the certificate is %+v", tested.Certificate)
			}
			if strings.HasSuffix(test.want, "person:ok group:ok") && (len(tested.Sample) != 5 || tested.Sample[0].Username == "" || tested.Server == "") {
				t.Errorf("%d people of %q", len(tested.Sample), tested.Server)
			}
		})
	}
}

// failedAt is all steps in one line, where that one failed.
func failedAt(step int) string {
	var states []string
	for i, name := range []string{"reach", "tls", "bind", "base", "person", "group"} {
		state := directory.StepOK
		if i == step {
			state = directory.StepFailed
		} else if i > step {
			state = directory.StepSkipped
		}
		states = append(states, name+":"+string(state))
	}
	return strings.Join(states, " ")
}

// A login waits two seconds for the directory, and no longer.
func TestReadOneIsQuickOrNothing(t *testing.T) {
	t.Parallel()
	hangs := startFake(t, &fake{search: func(*question) {}})
	r := hangs.reader()
	if r.patience.login != 2*time.Second {
		t.Errorf("a login waits %s", r.patience.login)
	}
	r.patience.login = 200 * time.Millisecond
	var e *directory.ReadError
	if _, err := r.ReadOne(t.Context(), "ana"); !errors.As(err, &e) || e.Reason != "operation_time" || !strings.Contains(e.Detail, "200 milliseconds") {
		t.Errorf("%v", err)
	}
	twice := startFake(t, &fake{search: func(q *question) {
		q.person("ana")
		q.person("anb")
		q.done("")
	}})
	if _, err := twice.reader().ReadOne(t.Context(), "ana"); !errors.As(err, &e) || e.Reason != "two_entries" {
		t.Errorf("%v", err)
	}
}

// What an administrator types and what a visitor is called never becomes part of a filter.
func TestRow22FiltersAreEscaped(t *testing.T) {
	t.Parallel()
	var asked []string
	f := startFake(t, &fake{search: func(q *question) { asked = append(asked, q.filter); q.done("") }})
	settings := f.settings()
	settings.Users.Filter = "(|(department=IT)(title=*))"
	for _, who := range []string{"*", "a)(cn=*", `a\b`, "ä", "8ec92cf0-c640-4564-bd69-666ef81c25da"} {
		if one, err := newReader(t, settings, "a secret word").ReadOne(t.Context(), who); err != nil || one.Found {
			t.Errorf("%q: %+v, %v", who, one, err)
		}
	}
	for i, want := range []string{`=\2a)(objectGUID=\2a)))`, `=a\29\28cn=\2a)(objectGUID=a\29\28cn=\2a)))`, `=a\5cb)(objectGUID=a\5cb)))`,
		`=\c3\a4)(objectGUID=\c3\a4)))`, `)(objectGUID=\f0,\c9\8e@\c6dE\bdifn\f8` + "\x1c" + `%\da)))`} {
		if !strings.HasPrefix(asked[i], "(&(|(department=IT)(title=*))(|(sAMAccountName=") || !strings.HasSuffix(asked[i], want) {
			t.Errorf("asked %s, want …%s", asked[i], want)
		}
	}
}

// Each refusal has a sentence and a remedy, and each reason one way of being called.
func TestFailuresHaveWords(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, f := range Failures() {
		name := f.Reason + " " + f.Sub
		if f.Reason == "" || !strings.HasSuffix(f.Detail, ".") || !strings.HasSuffix(f.Remedy, ".") {
			t.Errorf("%+v", f)
		}
		if f.Sub != "" && seen[name] {
			t.Errorf("%s is there twice", name)
		}
		seen[name] = true
		if got := failureOf(f.Code, "comment, data "+f.Sub+", v4563"); !strings.HasPrefix(f.Sub, "ppolicy") && got != f {
			t.Errorf("%d %s is found as %+v", f.Code, f.Sub, got)
		}
	}
	for _, sub := range []string{"525", "52e", "52f", "530", "531", "532", "533", "534", "701", "773", "775"} { // of code 49
		if !slices.ContainsFunc(Failures(), func(f Failure) bool { return f.Code == 49 && f.Sub == sub }) {
			t.Errorf("code 49 with data %s has no words", sub)
		}
	}
	for _, code := range []uint16{1, 2, 3, 4, 8, 10, 11, 12, 13, 16, 17, 21, 32, 34, 48, 49, 50, 51, 52, 53, 80} {
		if !slices.ContainsFunc(Failures(), func(f Failure) bool { return f.Code == code }) {
			t.Errorf("code %d has no words", code)
		}
	}
}
