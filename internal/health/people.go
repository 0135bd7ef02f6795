package health

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso"
)

// people looks at who came: several as one user, or anybody with a mapping's text
// for a value.
func (h *Health) people(c model.Connection, e model.SignInEvidence) {
	h.turns(c, e.Turns)
	name, value := sso.LiteralAttribute(e.Newest.Person)
	if name == "" {
		return
	}
	h.add(Reason{ID: "mapping_text_value", State: Warn, Title: "AWS sends a mapping's own text through " + c.Name(),
		Evidence: fmt.Sprintf("At the newest sign-in the attribute “%s” was “%.80s”: AWS took the row for plain text, and sends the same for everybody.",
			name, value),
		Cure: fmt.Sprintf("In AWS, in the attribute mappings of the application: type the value of the row “%s” exactly as the setup shows it, "+
			"with the dollar sign, the braces and no blank.", name),
		Since: e.Newest.At, When: "That was", Place: AtSignIn, Login: e.Newest.Login})
}

// turns tells of the users whom AWS described as one and as another: of each kind
// the newest, and how many others there are.
func (h *Health) turns(c model.Connection, all []model.Turn) {
	var newest []Reason
	others := map[string]int{}
	for _, turns := range byUser(all) {
		r, found := oneUser(c, turns)
		at := slices.IndexFunc(newest, func(n Reason) bool { return n.ID == r.ID })
		switch {
		case !found:
		case at < 0:
			newest = append(newest, r)
		default:
			others[r.ID]++
			if r.Since.After(newest[at].Since) {
				newest[at] = r
			}
		}
	}
	for _, r := range newest {
		if n := others[r.ID]; n > 0 {
			r.Evidence += fmt.Sprintf(" So it is with %s.", model.Count(n, "other user", "other users"))
		}
		h.add(r)
	}
}

// byUser are the turns of each user, oldest first, by who came first.
func byUser(all []model.Turn) [][]model.Turn {
	var users [][]model.Turn
	at := map[string]int{}
	for _, t := range all {
		i, known := at[t.User]
		if !known {
			i, at[t.User] = len(users), len(users)
			users = append(users, nil)
		}
		users[i] = append(users[i], t)
	}
	return users
}

// oneUser judges the turns of one user. Somebody, another person and the first
// again are several people, and so are three; one who is followed by another may
// have been renamed.
func oneUser(c model.Connection, turns []model.Turn) (Reason, bool) {
	people, returned := apart(turns)
	last := turns[len(turns)-1]
	if len(people) < 2 {
		return Reason{}, false
	}
	name := cmp.Or(last.Person.Username, last.Person.NameID)
	r := Reason{ID: "renamed", State: None, Title: fmt.Sprintf("AWS describes the user %s as somebody else than before", name),
		Place: AtSignIn, Login: last.Login, Since: last.At, When: "That was", Waits: true,
		Evidence: fmt.Sprintf("AWS described the user as %s, and then as %s. It may be a person who was renamed, or two people whom AWS calls alike.",
			people[0].Calling(), people[1].Calling()),
		Cure: "If they are two people: " + lower(row(people[0], people[1], c))}
	if returned || len(people) > 2 {
		r.ID, r.State, r.Waits = "one_user", Warn, false
		r.Title = fmt.Sprintf("Several people came through %s as the user %s", c.Name(), name)
		r.Evidence = fmt.Sprintf("In the last 7 days AWS described the user as %s. Each of them got the user's groups, and apps take them for one person.",
			called(people))
		r.Cure = row(people[0], people[1], c) + " Then decide whose user it shall be, and look through its groups."
	}
	return r, true
}

// apart are the different people among the turns of one user, and whether one of
// them came again after another. Who has only another email may be the same; who
// goes from one email to another and back twice is not.
func apart(turns []model.Turn) (people []model.Person, returned bool) {
	was := -1
	for _, t := range turns {
		is := -1
		for i, p := range people {
			if t.Person.Compare(p) != model.SameNo {
				is = i
				break
			}
		}
		if is < 0 {
			is, people = len(people), append(people, t.Person)
		} else if is != was {
			returned = true
		}
		was = is
	}
	if len(people) == 1 {
		if a, b, times := emails(turns); times >= 4 {
			return []model.Person{a, b}, true
		}
	}
	return people, returned
}

// emails are the two emails between which the turns go, and how many turns do; no
// turns where there are more.
func emails(turns []model.Turn) (a, b model.Person, times int) {
	a = turns[0].Person
	for i, t := range turns {
		switch p := t.Person; {
		case p.Email == "":
			return a, b, 0
		case i > 0 && strings.EqualFold(p.Email, turns[i-1].Person.Email):
		case strings.EqualFold(p.Email, a.Email):
			times++
		case b.Email == "" || strings.EqualFold(p.Email, b.Email):
			b = p
			times++
		default:
			return a, b, 0
		}
	}
	return a, b, times
}

// row is which row of AWS's mappings makes one user of two people.
func row(a, b model.Person, c model.Connection) string {
	from := c.Live.Config.Attributes.ExternalID
	if from == "" || a.ExternalID == "" || a.ExternalID != b.ExternalID {
		from = model.AttributeSubject
	}
	if from == model.AttributeSubject {
		return "In AWS, in the attribute mappings of the application: map “Subject” to ${user:subject}, which each person has alone."
	}
	return fmt.Sprintf("In AWS, in the attribute mappings of the application: map the row “%s” to what each person has alone, as the setup shows it.", from)
}

// called are people in a sentence; of many, the first ones.
func called(people []model.Person) string {
	var names []string
	for _, p := range people {
		names = append(names, p.Calling())
	}
	if more := len(names) - 3; more > 0 {
		names = append(names[:3], model.Count(more, "other person", "other people"))
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " and " + names[last]
}
