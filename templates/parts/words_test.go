package parts

import (
	"regexp"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sourcetest"
)

// What is not named for people would show as another thing, or as its code.
func TestEveryValueHasItsWord(t *testing.T) {
	t.Parallel()
	sourcetest.Worded(t, "UserSource", func(s string) string { return UserSourceWord(model.UserSource(s)) })
	sourcetest.Worded(t, "Role", func(s string) string { return RoleWord(model.Role(s)) })
	sourcetest.Worded(t, "JobKind", func(s string) string { return JobTitle(model.Job{Kind: model.JobKind(s)}) })
	sourcetest.Worded(t, "JobState", func(s string) string { return JobStateWord(model.JobState(s)) })
	sourcetest.Worded(t, "BulkKind", func(s string) string { return BulkDid(model.BulkChange{Kind: model.BulkKind(s)}) })
	sourcetest.Worded(t, "MembershipSource", func(s string) string {
		var b strings.Builder
		if err := WhyMember(model.Called{}, []model.Membership{{Source: model.MembershipSource(s)}}).Render(t.Context(), &b); err != nil {
			t.Fatal(err)
		}
		why, _, _ := strings.Cut(b.String(), "since")
		return regexp.MustCompile(`<[^>]*>`).ReplaceAllString(why, "")
	})
}
