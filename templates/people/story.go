package people

import (
	"slices"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/templates/parts"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/templates/ui"
)

// Happening is one thing that happened to a user.
type Happening struct {
	At   time.Time
	Tone ui.Tone
	Text string
	More string
	Href string // of the trace of a sign-in
}

// storyShown is how many things of a user's story are shown.
const storyShown = 12

// Story is what happened to the user, of what the page knows: the latest sign-ins,
// who in AWS was linked, and the groups that the user has, the newest first.
func Story(v UserPage, memberships []model.Membership) []Happening {
	all := []Happening{{At: v.User.CreatedAt, Text: "Became known", More: parts.UserSourceWord(v.User.Source)}}
	for _, r := range v.Logins {
		all = append(all, signInHappened(v, r))
	}
	for _, i := range v.Identities {
		all = append(all, Happening{At: i.CreatedAt, Text: "Linked to " + i.NameID + " in AWS", More: "With " + v.nameOf(i.Connection)})
	}
	for _, m := range memberships {
		all = append(all, Happening{At: m.CreatedAt, Text: "Joined " + m.Group, More: joinedBy(m)})
	}
	slices.SortStableFunc(all, func(a, b Happening) int { return b.At.Compare(a.At) })
	return all[:min(len(all), storyShown)]
}

func signInHappened(v UserPage, r parts.LoginRow) Happening {
	h := Happening{At: r.Login.StartedAt, Href: paths.Login(r.Login.ID), More: "With " + v.nameOf(r.Login.Connection)}
	switch {
	case r.Login.Outcome == model.OutcomeSignedIn && r.Login.Test:
		h.Tone, h.Text = ui.Good, "A test passed"
	case r.Login.Outcome == model.OutcomeSignedIn:
		h.Tone, h.Text = ui.Good, "Signed in"
	case r.Reason != "":
		h.Tone, h.Text = ui.Bad, "Not signed in: "+r.Reason
	default:
		h.Text = "A sign-in is under way"
	}
	return h
}

// joinedBy says who or what put the user into a group.
func joinedBy(m model.Membership) string {
	switch m.Source {
	case model.MemberManual:
		return "By hand, by " + m.Origin
	case model.MemberRule:
		return "By the rules " + m.Origin
	case model.MemberLDAP, model.MemberAWS:
		return "By a directory"
	default:
		return ""
	}
}
