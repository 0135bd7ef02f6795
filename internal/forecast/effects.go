package forecast

import (
	"maps"
	"slices"

	"github.com/postern-sso/postern/internal/model"
)

// EffectKind is what a change does to somebody, or to an app. The values are a
// contract: programs read them.
type EffectKind string

// What a change does to people.
const (
	LockedOut   EffectKind = "locked_out"   // can sign in today, is refused afterwards; Code says why
	LetIn       EffectKind = "let_in"       // is refused today, can sign in afterwards
	RenamedTo   EffectKind = "renamed"      // From the username of today, at the next sign-in
	NewUser     EffectKind = "new_user"     // becomes another user, To, at the next sign-in
	LinkedAnew  EffectKind = "linked"       // gets a new link to AWS at the next sign-in
	GroupLost   EffectKind = "group_lost"   // From that group: at once, or with a Connection at the next sign-in
	GroupGained EffectKind = "group_gained" // To that group, likewise
	Deactivated EffectKind = "deactivated"
	Activated   EffectKind = "activated"
)

// What a change does to apps.
const (
	AppLosesGroup    EffectKind = "group_lost"     // a group that was chosen for it is gone
	AppNoGroupLeft   EffectKind = "no_group_left"  // and it was the last one: the app sees none
	AppPeopleRenamed EffectKind = "people_renamed" // it hears other usernames of people
)

// Effect is what a change does to one person.
type Effect struct {
	Username   string     `json:"username"`
	Connection string     `json:"connection"` // slug; empty: whichever
	Effect     EffectKind `json:"effect"`
	Code       model.Code `json:"code"` // of a refusal
	From       string     `json:"from"`
	To         string     `json:"to"`
}

// AppEffect is what a change does to one app.
type AppEffect struct {
	Slug   string     `json:"slug"`
	Effect EffectKind `json:"effect"`
}

// Effects are what a change does, in the order of the usernames.
type Effects struct {
	People    []Effect    `json:"people"`
	Apps      []AppEffect `json:"apps"`
	LockedOut int         `json:"locked_out"` // people
}

// Compare says what happened to the people and apps of one snapshot in the other.
func Compare(before, after *Snapshot) Effects {
	e := Effects{People: []Effect{}, Apps: []AppEffect{}}
	for _, id := range before.order {
		if is := after.people[id]; is != nil {
			e.person(before.people[id], is)
		}
	}
	e.apps(before.apps, after.apps)
	return e
}

func (e *Effects) add(p *person, connection string, kind EffectKind, code model.Code, from, to string) {
	e.People = append(e.People, Effect{Username: p.username, Connection: connection, Effect: kind, Code: code, From: from, To: to})
}

func (e *Effects) person(was, is *person) {
	switch {
	case was.active && !is.active:
		e.add(was, "", Deactivated, "", "", "")
	case !was.active && is.active:
		e.add(was, "", Activated, "", "", "")
	}
	for _, g := range lacking(is.groups, was.groups) {
		e.add(was, "", GroupLost, "", g, "")
	}
	for _, g := range lacking(was.groups, is.groups) {
		e.add(was, "", GroupGained, "", "", g)
	}
	locked := len(e.People)
	for _, slug := range slices.Sorted(maps.Keys(merged(was.next, is.next))) {
		e.signIn(was, is, slug)
	}
	if slices.ContainsFunc(e.People[locked:], func(p Effect) bool { return p.Effect == LockedOut }) {
		e.LockedOut++
	}
}

// signIn compares the next sign-in through one connection. One that is not live
// lets nobody in.
func (e *Effects) signIn(was, is *person, slug string) {
	closed := ending{Outlook: Outlook{Kind: OutlookRefused, Code: model.CodeConnectionNotLive}}
	today, open := was.next[slug]
	if !open {
		today = closed
	}
	then, open := is.next[slug]
	if !open {
		then = closed
	}
	f := Forecast{Today: today.Outlook, Then: then.Outlook}
	switch {
	case f.Lost():
		if was.active && is.active {
			e.add(was, slug, LockedOut, then.Code, "", "")
		}
		return
	case !then.In():
		return
	case !today.In():
		e.add(was, slug, LetIn, today.Code, "", "")
		return
	}
	if then.Kind == OutlookCreated && today.Kind != OutlookCreated {
		e.add(was, slug, NewUser, "", was.username, then.Username)
	}
	if f.Renames() {
		e.add(was, slug, RenamedTo, "", was.username, then.Renamed)
	}
	if f.Links() {
		e.add(was, slug, LinkedAnew, "", "", "")
	}
	if today.Kind == OutlookCreated || then.Kind == OutlookCreated {
		return
	}
	for _, g := range lacking(union(then.groups, lacking(is.groups, was.groups)), today.groups) {
		e.add(was, slug, GroupLost, "", g, "")
	}
	for _, g := range lacking(union(today.groups, lacking(was.groups, is.groups)), then.groups) {
		e.add(was, slug, GroupGained, "", "", g)
	}
}

func merged(a, b map[string]ending) map[string]ending {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

func (e *Effects) apps(before, after []model.App) {
	renamed := slices.ContainsFunc(e.People, func(p Effect) bool { return p.Effect == RenamedTo })
	for _, is := range after {
		at := slices.IndexFunc(before, func(a model.App) bool { return a.Slug == is.Slug })
		if at < 0 {
			continue
		}
		was := before[at]
		switch {
		case is.AllGroups:
		case len(is.Groups) == 0 && (was.AllGroups || len(was.Groups) > 0):
			e.Apps = append(e.Apps, AppEffect{is.Slug, AppNoGroupLeft})
		case len(lacking(is.Groups, was.Groups)) > 0:
			e.Apps = append(e.Apps, AppEffect{is.Slug, AppLosesGroup})
		}
		if renamed {
			e.Apps = append(e.Apps, AppEffect{is.Slug, AppPeopleRenamed})
		}
	}
}
