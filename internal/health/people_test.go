package health_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/health"
	"github.com/postern-sso/postern/internal/model"
)

// Several people who came as one user are told from somebody who was renamed.
func TestSeveralPeopleAsOneUser(t *testing.T) {
	t.Parallel()
	p := func(email, first, last string) model.Person {
		return model.Person{NameID: "everybody", Username: "everybody", Email: email, FirstName: first, LastName: last}
	}
	ana, ben, eva := p("ana@example.com", "Ana", "Lima"), p("ben@example.com", "Ben", "Ito"), p("eva@example.com", "Eva", "Roth")
	married := p("ana.roth@example.com", "Ana", "Roth")
	one, other := p("one@example.com", "", ""), p("other@example.com", "", "")
	stable := func(p model.Person) model.Person {
		p.NameID, p.ExternalID = p.FirstName, "userId"
		return p
	}
	literal := model.Person{NameID: "ana", Attributes: map[string][]string{"firstName": {"${user:givenName}"}}}
	for name, c := range map[string]struct {
		people  []model.Person
		newest  model.Person
		state   health.State
		reasons string
		says    string
		cure    string
	}{
		"nobody": {state: health.Good},
		"one, another, the first": {people: []model.Person{ana, ben, ana}, state: health.Warn, reasons: "one_user",
			says: "Ana Lima (ana@example.com) and Ben Ito", cure: "${user:subject}"},
		"three": {people: []model.Person{ana, ben, eva}, state: health.Warn, reasons: "one_user",
			says: "Ben Ito (ben@example.com) and Eva Roth"},
		"one, then another": {people: []model.Person{ana, ben}, state: health.Good, reasons: "renamed",
			says: "may be a person who was renamed", cure: "If they are two"},
		"married":                 {people: []model.Person{ana, married}, state: health.Good},
		"another email, and back": {people: []model.Person{one, other, one}, state: health.Good},
		"emails by turns": {people: []model.Person{one, other, one, other}, state: health.Warn, reasons: "one_user",
			says: "one@example.com and other@example.com"},
		"a stable id of two": {people: []model.Person{stable(ana), stable(ben), stable(ana)}, state: health.Warn, reasons: "one_user",
			cure: "the row “userId”"},
		"a mapping's text let in": {newest: literal, state: health.Warn, reasons: "mapping_text_value",
			says: "“firstName” was “${user:givenName}”", cure: "the row “firstName”"},
		"honest text with a dollar": {newest: model.Person{Attributes: map[string][]string{"cost": {"$(12) user:x"}}}, state: health.Good},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			live := &model.Revision{Number: 1}
			live.Config.Attributes = model.AttributeMap{Username: model.AttributeSubject, ExternalID: "userId"}
			e := model.SignInEvidence{LastSuccess: ago(time.Minute), Hour: 9, Day: 9,
				Newest: model.Turn{Login: "newest", At: ago(time.Minute), Person: c.newest}}
			for i, p := range c.people {
				e.Turns = append(e.Turns, model.Turn{Login: fmt.Sprint(i), At: ago(time.Hour - time.Duration(i)*time.Minute), User: "u", Person: p})
			}
			h := health.OfConnection(model.Connection{Slug: "aws", Status: model.StatusLive, Live: live}, e, metadata(now.AddDate(2, 0, 0)), now)
			want(t, h, c.state, c.reasons, c.says)
			if c.reasons != "" && (!strings.Contains(h.Reasons[0].Cure, c.cure) || h.Reasons[0].Login == "" || h.Reasons[0].Place != health.AtSignIn) {
				t.Errorf("the cure is %q, at %q", h.Reasons[0].Cure, h.Reasons[0].Login)
			}
			if (h.Word == "Several people came as one user") != (c.reasons == "one_user") || h.Stopped() != nil {
				t.Errorf("the word is %q; stopped: %v", h.Word, h.Stopped())
			}
			for i := range e.Turns { // and with another user alike
				other := e.Turns[i]
				other.User = "v"
				e.Turns = append(e.Turns, other)
			}
			again := health.OfConnection(model.Connection{Slug: "aws", Status: model.StatusLive, Live: live}, e, metadata(now.AddDate(2, 0, 0)), now)
			if len(again.Reasons) != len(h.Reasons) || len(h.Reasons) > 0 && len(c.people) > 0 && !strings.Contains(again.Reasons[0].Evidence, "1 other user.") {
				t.Errorf("two users alike: %+v", again.Reasons)
			}
		})
	}
}
