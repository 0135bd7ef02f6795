package directory

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/postern-sso/postern/internal/model"
)

// decide says what becomes of one person who was read.
func (p *planner) decide(person model.SourcePerson) {
	username := model.Canonical(person.Username)
	if err := model.CheckUsername(username); err != nil {
		p.leaveOut(model.LeftOutName, person.StableID, person.Username, fmt.Sprintf("The username “%s” %v.", person.Username, err))
		p.keepActive(person)
		return
	}
	person.Username = username
	u, ok := p.match(person, username)
	switch {
	case !ok:
	case u == nil:
		p.create(person)
	default:
		p.update(person, u)
	}
}

// keepActive still lets a person leave whose name cannot be taken.
func (p *planner) keepActive(person model.SourcePerson) {
	if u := p.users[p.mirror[person.StableID].UserID]; u != nil {
		p.decideActive(person, u, u.UserFields, u.Home)
	}
}

func (p *planner) create(person model.SourcePerson) {
	switch {
	case !person.Enabled:
		return // nobody to make: the person may not sign in
	case p.in.Reading.Assignments && !person.Assigned:
		p.leaveOut(model.LeftOutNotCreated, person.StableID, person.Username, "Is not assigned to the application in AWS.")
		return
	case !p.in.Source.Create:
		p.leaveOut(model.LeftOutNotCreated, person.StableID, person.Username, "Is not known here, and this source makes no users.")
		return
	}
	after := p.fields(person, model.UserFields{Active: true}, nil)
	p.made[person.StableID] = true
	p.add(model.SourceChange{Kind: model.SourceCreated, StableID: person.StableID, After: after, Home: true, Place: person.Place,
		Why: "because the source has this person and nobody here is them"}, model.Key(after.Username))
}

func (p *planner) update(person model.SourcePerson, u *User) {
	home := u.Home
	linked := p.mirror[person.StableID].UserID != ""
	before, after := u.UserFields, u.UserFields
	adopts := home == "" && p.in.Source.AdoptExisting && !linked
	if adopts {
		home = p.slug
	}
	if home == p.slug {
		after = p.fields(person, u.UserFields, u.Pins)
	}
	after.Active = before.Active
	c := model.SourceChange{StableID: person.StableID, UserID: u.ID, Before: before, After: after, Place: person.Place}
	switch {
	case !linked:
		p.linkedNow[person.StableID], p.linkedTo[u.ID] = u.ID, person.StableID
		c.Kind, c.Home, c.Why = model.SourceLinked, adopts, p.whyLinked(person, u)
		p.add(c, renamedTo(before, after))
	case before.Username != after.Username:
		c.Kind, c.Why = model.SourceRenamed, "because the source calls the person so now"
		p.add(c, renamedTo(before, after))
	case before != after:
		c.Kind, c.Why = model.SourceUpdated, "because the source says so"
		p.add(c, "")
	}
	p.decideActive(person, u, after, home)
	if home == p.slug {
		p.homes = append(p.homes, homeOf{person.StableID, u, after.Email})
	}
}

// renamedTo is the key that a renaming claims; one that changes only the case claims none.
func renamedTo(before, after model.UserFields) string {
	if key := model.Key(after.Username); key != model.Key(before.Username) {
		return key
	}
	return ""
}

func (p *planner) whyLinked(person model.SourcePerson, u *User) string {
	if model.Key(u.Username) == model.Key(person.Username) && len(p.byIDs(person)) == 0 {
		return "because the user has the same username and no source of their own"
	}
	return "because both have the same id"
}

// fields are a user's as the source has them: what it does not say and what is pinned stays.
func (p *planner) fields(person model.SourcePerson, now model.UserFields, pins model.Pins) model.UserFields {
	f := now
	open := func(says model.PersonFields, pin model.PinField) bool {
		return person.Says.Has(says) && !pins.Holds(pin, p.in.Now)
	}
	if open(model.SaysUsername, model.PinUsername) {
		f.Username = person.Username
	}
	if open(model.SaysEmail, model.PinEmail) {
		f.Email = p.email(person, now.Email)
	}
	if !pins.Holds(model.PinName, p.in.Now) {
		p.names(person, now, &f)
	}
	return f
}

func (p *planner) email(person model.SourcePerson, now string) string {
	email := model.Canonical(person.Email)
	if email == "" {
		return ""
	}
	if err := model.CheckEmail(email); err != nil {
		p.leaveOut(model.LeftOutName, person.StableID, person.Username, fmt.Sprintf("The email “%s” %v. It was left as it is here.", person.Email, err))
		return now
	}
	return email
}

// names sets the three names. A display name that the source does not give follows
// first and last name, as long as nobody gave another.
func (p *planner) names(person model.SourcePerson, now model.UserFields, f *model.UserFields) {
	fit := func(s string) string { return model.FitText(strings.TrimSpace(s), model.MaxPersonName) }
	if person.Says.Has(model.SaysFirstName) {
		f.FirstName = fit(person.FirstName)
	}
	if person.Says.Has(model.SaysLastName) {
		f.LastName = fit(person.LastName)
	}
	joined := func(u model.UserFields) string { return fit(u.FirstName + " " + u.LastName) }
	display := ""
	if person.Says.Has(model.SaysDisplayName) {
		display = fit(person.DisplayName)
	}
	switch {
	case display != "":
		f.DisplayName = display
	case now.DisplayName == "" || now.DisplayName == joined(now):
		f.DisplayName = cmp.Or(joined(*f), now.DisplayName)
	}
}
