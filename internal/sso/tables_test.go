package sso_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/attack"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso"
)

// mint makes the message of a variant, and judges it.
func mint(t *testing.T, v attack.Variant) ([]byte, verdict) {
	t.Helper()
	s := newScene(time.Now().UTC().Truncate(time.Millisecond))
	if v.Unsolicited {
		s.Request = ""
	}
	message := []byte(v.Mint(&s))
	return message, judged(t, message, s, v.AssertionOnly)
}

func TestEveryCodeHasItsReason(t *testing.T) {
	t.Parallel()
	for _, code := range model.Codes {
		if sso.Explain(code).Code != code {
			t.Errorf("%s has no reason: it is explained as %s", code, sso.Explain(code).Code)
		}
		if !sso.SaysWhere(code) {
			t.Errorf("%s: say in its reason what in the message it is about, or notInMessage", code)
		}
	}
	if n := len(sso.Explained()); n != len(model.Codes) {
		t.Errorf("%d reasons for %d codes", n, len(model.Codes))
	}
}

// What a refusal is about is marked in the message, for every message that is
// refused for something in it; and where the message has the very value that the
// refusal names, that is marked.
func TestEveryRefusalIsMarkedInItsMessage(t *testing.T) {
	t.Parallel()
	for _, v := range attack.Variants() {
		message, verdict := mint(t, v)
		refusal := verdict.refusal
		if refusal == nil || !sso.IsAboutMessage(refusal.Code) {
			continue
		}
		var marked []string
		for _, line := range sso.Pretty(message, refusal) {
			for _, part := range line.Parts {
				if part.Marked {
					marked = append(marked, strings.Trim(part.Text, `"'`))
				}
			}
		}
		if len(marked) == 0 && refusal.Code != model.CodeMalformedResponse { // of what cannot be read nothing can be
			t.Errorf("%s (%s): nothing is marked", v.Name, refusal.Code)
		}
		if r := refusal.Received; r != "" && hasValue(string(message), r) && !slices.Contains(marked, r) {
			t.Errorf("%s (%s): %q is in the message, and marked is %q", v.Name, refusal.Code, r, marked)
		}
	}
}

func hasValue(message, value string) bool {
	return strings.Contains(message, ">"+value+"<") || strings.Contains(message, `="`+value+`"`)
}

// Every check that a message can lead to has a name for people.
func TestEveryCheckHasATitle(t *testing.T) {
	t.Parallel()
	for _, v := range attack.Variants() {
		_, verdict := mint(t, v)
		for _, c := range verdict.checks {
			if c.Title == "" || c.Title == c.ID {
				t.Errorf("%s: the check %s has no title", v.Name, c.ID)
			}
		}
	}
}
