package scim

import (
	"fmt"
	"strings"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
)

// Bounds of what a line lists.
const (
	maxNamed   = 5
	maxDetails = 20
)

func some(ids []string) string {
	if len(ids) > maxNamed {
		return strings.Join(ids[:maxNamed], ", ") + " and " + model.Number(len(ids)-maxNamed) + " more"
	}
	return strings.Join(ids, ", ")
}

// describeMembers says on the source's page what became of the members of a group.
func (w *writing) describeMembers(done model.SCIMMembers, unknown []string) {
	var what []string
	if n := len(done.Add); n > 0 {
		what = append(what, model.Count(n, "member", "members")+" more")
	}
	if n := len(done.Remove); n > 0 {
		what = append(what, model.Count(n, "member", "members")+" fewer")
	}
	if len(what) > 0 {
		w.note.Line += ": " + strings.Join(what, ", ")
	}
	if n := len(unknown); n > 0 {
		w.note.Details = append(w.note.Details, fmt.Sprintf("Passed over %s: nobody whom the source sent has the id %s.",
			model.Count(n, "member", "members"), some(unknown)))
	}
}

// describePlan says what the request did here, or would do.
func (w *writing) describePlan(plan model.SourcePlan, done store.Pushed) {
	switch done.Outcome {
	case model.SCIMHeld:
		w.note.Details = append(w.note.Details, "Over a limit of the source: what follows waits for a person.")
	case model.SCIMObserved:
		w.note.Details = append(w.note.Details, "The source is not live: nothing of what follows was done.")
	case model.SCIMApplied, model.SCIMNothing, model.SCIMRead, model.SCIMRefused, model.SCIMConflict:
	}
	for _, c := range plan.Changes {
		w.note.Details = append(w.note.Details, changeWords(c))
	}
	for _, l := range plan.LeftOut {
		w.note.Details = append(w.note.Details, fmt.Sprintf("No effect on %s: %s", l.Name, l.Detail))
	}
	for _, problem := range done.Skipped {
		w.note.Details = append(w.note.Details, "Not done after all: "+problem)
	}
	if n := len(w.note.Details); n > maxDetails {
		w.note.Details = append(w.note.Details[:maxDetails-1], "And "+model.Number(n-maxDetails+1)+" more.")
	}
}

// changeWords is a change of a plan in words.
func changeWords(c model.SourceChange) string {
	what := ""
	switch c.Kind {
	case model.SourceGroupMade:
		what = "The group " + c.Group + " is made"
	case model.SourceCreated:
		what = "The user " + c.After.Username + " is made"
	case model.SourceLinked:
		what = "The user " + c.Before.Username + " is taken to be this person" + fieldWords(c)
	case model.SourceUpdated:
		what = "The user " + c.Before.Username + " changes" + fieldWords(c)
	case model.SourceRenamed:
		what = "The user " + c.Before.Username + " is renamed" + fieldWords(c)
	case model.SourceDeactivated:
		what = "The user " + c.Before.Username + " is deactivated"
	case model.SourceReactivated:
		what = "The user " + c.Before.Username + " is active again"
	case model.SourceMembers:
		what = fmt.Sprintf("The group %s gets %s and loses %s", c.Group, model.Count(len(c.Added), "member", "members"),
			model.Number(len(c.Removed)))
	case model.SourceByRule:
		what = fmt.Sprintf("By rule, the group %s gets %s and loses %s", c.Group, model.Count(len(c.Added), "member", "members"),
			model.Number(len(c.Removed)))
	}
	return what + ", " + c.Why + "."
}

// fieldWords names the fields of a user that change.
func fieldWords(c model.SourceChange) string {
	var names []string
	for _, f := range []struct{ name, before, after string }{
		{"username", c.Before.Username, c.After.Username}, {"email", c.Before.Email, c.After.Email}, {"first name", c.Before.FirstName, c.After.FirstName},
		{"last name", c.Before.LastName, c.After.LastName}, {"display name", c.Before.DisplayName, c.After.DisplayName},
	} {
		if f.before != f.after {
			names = append(names, f.name)
		}
	}
	if len(names) == 0 {
		return ""
	}
	return " (" + strings.Join(names, ", ") + ")"
}
