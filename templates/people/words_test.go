package people

import (
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sourcetest"
	"github.com/postern-sso/postern/internal/store"
)

// What is not named for people would show as another thing, or as its code.
func TestEveryValueHasItsWord(t *testing.T) {
	t.Parallel()
	sourcetest.Worded(t, "BulkKind", func(s string) string { return BulkWill(model.BulkKind(s)) })
	sourcetest.Worded(t, "LeaverStays", func(s string) string { return staysWords(model.Leaver{Stays: model.LeaverStays(s)}) })
	sourcetest.Worded(t, "RuleKind", func(s string) string {
		var b strings.Builder
		if err := RuleSentence(model.Rule{Kind: model.RuleKind(s)}).Render(t.Context(), &b); err != nil {
			t.Fatal(err)
		}
		return b.String()
	})
	sourcetest.Worded(t, "RuleKind", func(s string) string { // what the form of a rule offers
		for _, c := range conditions(RuleForm{}) {
			if c.Value == s {
				return c.Label
			}
		}
		return ""
	})
}

// More than are taken at once are never passed over in silence.
func TestLinkSaysWhereThereAreMore(t *testing.T) {
	t.Parallel()
	for _, more := range []bool{true, false} {
		var b strings.Builder
		if err := linkPreview(LinkPage{Lines: []LinkLine{{Username: "ann"}, {Username: "bob"}}, Count: 2, More: more}).Render(t.Context(), &b); err != nil {
			t.Fatal(err)
		}
		if said := strings.Contains(b.String(), "It fits more users than these"); said != more {
			t.Errorf("more: %v, said: %v", more, said)
		}
		if said := strings.Contains(b.String(), "2 are taken at once, the first by their usernames."); said != more {
			t.Errorf("more: %v, how many: %v", more, said)
		}
	}
}

// A count that ended early never sounds like the whole.
func TestUsersToLinkAreCountedAsFarAsLooked(t *testing.T) {
	t.Parallel()
	for want, l := range map[string]store.ToLink{
		"1 user": {Users: 1}, "At least 2 users": {Users: 2, AtLeast: true}, "1,000 users": {Users: model.MembersCounted},
		"More than 1,000 users": {Users: model.MembersCounted + 1, AtLeast: true},
	} {
		if got := usersToLink(l); got != want {
			t.Errorf("%+v: %q, want %q", l, got, want)
		}
	}
}
