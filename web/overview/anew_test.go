package overview_test

import (
	"strings"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/web/overview"
)

// People made anew in AWS are one need, whose button links them anew.
func TestPeopleMadeAnewAreOneNeed(t *testing.T) {
	t.Parallel()
	now := time.Now()
	list := overview.AnewNeeds([]store.MadeAnew{{Connection: "aws", Name: "Example AWS", Known: 6, Refused: 5, Allowed: 1, Since: now.Add(-3 * time.Hour)}}, now)
	if len(list) != 1 || list[0].Title != "AWS calls 5 people by new ids" || list[0].Actions[0].Href != "/link?connection=aws&what=link_anew" {
		t.Fatalf("%+v", list)
	}
	for _, want := range []string{"6 known people who came through Example AWS within a day, 5 were refused", "1 of them is linked anew",
		"The first of them came 3 hours ago."} {
		if !strings.Contains(list[0].Text, want) {
			t.Errorf("it does not say %q: %s", want, list[0].Text)
		}
	}
}
