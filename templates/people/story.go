package people

import (
	"slices"
	"strings"
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
	Href string // of the trace of a sign-in, or of a source's run
	Undo model.Undo
}

// storyShown is how many things of a user's story are shown.
const storyShown = 12

// Story is what happened to the user, of what the page knows: the latest sign-ins,
// who in AWS was linked, what sources did to whether the user is active, and the
// groups that the user has, the newest first. What a
// sign-in did stands under it: it is its outcome.
func Story(v UserPage, memberships []model.Membership) []Happening {
	var all []Happening
	for _, r := range v.Logins {
		all = append(all, signInHappened(v, r))
	}
	for _, m := range memberships {
		all = append(all, Happening{At: v.whenOf(m.CreatedAt), Text: "Joined " + m.Group, More: joinedBy(m, v.Called)})
	}
	for _, i := range v.Identities {
		h := Happening{At: v.whenOf(i.CreatedAt), Text: "Linked to " + i.NameID + " in AWS", More: "With " + v.Called.Connection(i.Connection)}
		if v.linkedBy(i) {
			h.Undo = model.Undo(model.UndoLink + " " + v.LinkedBy)
		}
		all = append(all, h)
	}
	for _, w := range v.Switches {
		all = append(all, v.switched(w)...)
	}
	all = append(all, Happening{At: v.whenOf(v.User.CreatedAt), Text: "Became known", More: parts.UserSourceWord(v.User.Source)})
	slices.SortStableFunc(all, func(a, b Happening) int { return b.At.Compare(a.At) })
	return all[:min(len(all), storyShown)]
}

// switched is what a source did to whether the user is active, and that it was taken back.
func (v UserPage) switched(w model.Switched) []Happening {
	words := map[bool]string{true: "Active again", false: "Deactivated"}
	source, run := v.Called.Source(w.Source), paths.SourceRun(w.Source, w.Run)
	did := Happening{At: w.At, Text: words[w.Active] + " by the source " + source, More: model.UpperFirst(w.Why), Href: run}
	if w.UndoneAt.IsZero() {
		return []Happening{did}
	}
	return []Happening{did, {At: w.UndoneAt, Text: words[!w.Active], More: "A run of " + source + " was taken back", Href: run}}
}

// whenOf is when something happened; what a sign-in wrote, when the sign-in ended.
func (v UserPage) whenOf(at time.Time) time.Time {
	const writing = time.Second // after the end of what the sign-in decided
	for _, r := range v.Logins {
		if l := r.Login; l.Outcome == model.OutcomeSignedIn && !at.Before(l.StartedAt) && !at.After(l.FinishedAt.Add(writing)) {
			return l.FinishedAt
		}
	}
	return at
}

// linkedBy tells whether an identity is the one that can be undone.
func (v UserPage) linkedBy(i model.Identity) bool {
	return v.LinkedBy != "" && slices.ContainsFunc(v.Logins, func(r parts.LoginRow) bool {
		return r.Login.ID == v.LinkedBy && r.Login.Connection == i.Connection
	})
}

func signInHappened(v UserPage, r parts.LoginRow) Happening {
	at := r.Login.StartedAt
	if !r.Login.FinishedAt.IsZero() {
		at = r.Login.FinishedAt
	}
	h := Happening{At: at, Href: paths.Login(r.Login.ID), More: "With " + v.Called.Connection(r.Login.Connection)}
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
func joinedBy(m model.Membership, called model.Called) string {
	switch m.Source {
	case model.MemberManual:
		if m.Origin == "" {
			return "By hand"
		}
		return "By hand, by " + m.Origin
	case model.MemberRule:
		rules := strings.Split(m.Origin, ", ")
		return "By the " + verb(len(rules), "rule", "rules") + " " + ui.List(rules)
	case model.MemberSource:
		return "By the source " + called.Source(model.SourceOfRef(m.Ref))
	default:
		return ""
	}
}
