package sources

import (
	"fmt"
	"strings"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/templates/ui"
)

// effects are what a run does, or would do, each as a few words; none: nothing.
func effects(n model.RunCounts) []string {
	var all []string
	add := func(count int, word string) {
		if count > 0 {
			all = append(all, ui.Number(count)+" "+word)
		}
	}
	add(n.Created, "new")
	add(n.Updated, "updated or taken over")
	add(n.Renamed, "renamed")
	add(n.Deactivated, "deactivated")
	add(n.Reactivated, "active again")
	if n.MembershipsAdded > 0 {
		all = append(all, ui.Count(n.MembershipsAdded, "membership", "memberships")+" added")
	}
	if n.MembershipsRemoved > 0 {
		all = append(all, ui.Count(n.MembershipsRemoved, "membership", "memberships")+" removed")
	}
	return all
}

// Did is what a run did, in a line.
func Did(r model.SourceRun) string {
	done := ui.List(effects(r.Counts))
	switch r.Outcome {
	case model.RunReading:
		return "Reads"
	case model.RunApplying:
		return fmt.Sprintf("%d of %s done", r.Done, ui.Count(r.Changes, "change", "changes"))
	case model.RunNothing:
		return "Nothing to do"
	case model.RunDry, model.RunHeld:
		return nothingYet(done)
	case model.RunIncomplete, model.RunFailed:
		return "Nothing: an unfinished reading changes nothing"
	case model.RunRejected, model.RunSuperseded:
		return "Nothing"
	case model.RunUndone:
		return "Was taken back: " + orNothing(done)
	case model.RunApplied:
		return orNothing(done)
	default:
		return ""
	}
}

func nothingYet(would string) string {
	if would == "" {
		return "Nothing to do"
	}
	return "Nothing yet. It would: " + would
}

func orNothing(s string) string {
	if s == "" {
		return "Nothing"
	}
	return s
}

// readWords is what a run read, in a line.
func readWords(r model.SourceRun) string {
	people, groups := r.Counts.ReadUsers, r.Counts.ReadGroups
	if r.Outcome == model.RunReading || r.Outcome == model.RunIncomplete || r.Outcome == model.RunFailed {
		people, groups = r.SeenUsers, r.SeenGroups
	}
	words := ui.Count(people, "person", "people")
	if groups > 0 {
		words += ", " + ui.Count(groups, "group", "groups")
	}
	if r.Outcome == model.RunIncomplete {
		words += ", then broken off"
	}
	return words
}

// holdWords are the sentence over a plan that waits, what is let through, and what the
// plan would do, of one limit.
func holdWords(h model.Hold) (verdict, allowed, allowedNote, would, wouldNote string) {
	before := ""
	if h.Before > 0 {
		before = ui.Number(h.Before) + " more in the 24 hours before"
	}
	switch h.Kind {
	case model.HoldDeactivations:
		verdict = "it would deactivate " + ui.Count(h.Would, "person", "people")
		allowed, would = ui.Count(h.Allowed, "deactivation", "deactivations"), ui.Count(h.Would, "deactivation", "deactivations")
		allowedNote = "in 24 hours, of " + ui.Count(h.Of, "person", "people") + " active in that time"
		if h.Common != "" && h.Would > 1 {
			before = strings.TrimSuffix("all of them stood in "+h.Common+"; "+before, "; ")
		}
	case model.HoldRenames:
		verdict = "it would give " + ui.Count(h.Would, "person", "people") + " another username"
		allowed, would = ui.Count(h.Allowed, "new username", "new usernames"), ui.Count(h.Would, "new username", "new usernames")
		allowedNote = "in 24 hours, of " + ui.Count(h.Of, "person", "people") + " active in that time"
	case model.HoldGroupShrinks:
		verdict = fmt.Sprintf("it would take %s out of %s", ui.Count(h.Would, "person", "people"), h.Group)
		allowed, would = ui.Count(h.Allowed, "person", "people")+" out of it", ui.Count(h.Would, "person", "people")+" out of it"
		allowedNote = "in 24 hours, of " + ui.Count(h.Of, "member", "members") + givenBy(h)
	case model.HoldGroupEmptied:
		verdict = "it would take everybody out of " + h.Group
		if h.ByRule {
			verdict = "it would take everybody out of " + h.Group + " whom rules put in"
		}
		allowed, would = "Never everybody", "All "+ui.Count(h.Would, "member", "members")+givenBy(h)
		allowedNote = "of a group of ten or more, or of one that gives much"
	}
	return verdict, allowed, allowedNote, would, before
}

// givenBy tells members that rules give from those that the source gives.
func givenBy(h model.Hold) string {
	if h.ByRule {
		return " by rule"
	}
	return ""
}

// likely is what a person who has to decide should think of first.
func likely(h model.Hold) string {
	if h.ByRule {
		return "Most likely a rule was changed or deleted, or emails got another domain in the source. What the group gives in the apps ends for these people."
	}
	switch h.Kind {
	case model.HoldDeactivations:
		if h.Common != "" && h.Would > 1 {
			return "Most likely the unit was moved or renamed, or the reading account lost sight of it. People who really leave rarely leave together."
		}
		return "Look at some of them: are they really gone? A filter or a right that changed in the source looks the same from here."
	case model.HoldRenames:
		return "Most likely the attribute of the username was changed. In the apps these people get the new name, and may lose sight of what they did."
	case model.HoldGroupShrinks, model.HoldGroupEmptied:
		return "Most likely the group was moved, renamed or filled anew in the source. What it gives in the apps ends for these people."
	default:
		return ""
	}
}

// changeWord is what a kind of change does.
func changeWord(k model.SourceChangeKind) string {
	switch k {
	case model.SourceGroupMade:
		return "New group"
	case model.SourceCreated:
		return "New"
	case model.SourceLinked:
		return "Taken over"
	case model.SourceUpdated:
		return "Updated"
	case model.SourceRenamed:
		return "Renamed"
	case model.SourceDeactivated:
		return "Deactivated"
	case model.SourceReactivated:
		return "Active again"
	case model.SourceMembers:
		return "Members"
	case model.SourceByRule:
		return "Members by rule"
	default:
		return string(k)
	}
}

// leftOutWord is why something is left out, in a few words.
func leftOutWord(k model.LeftOutKind) string {
	switch k {
	case model.ConflictUsernameTaken:
		return "The username belongs to somebody else"
	case model.ConflictTwoUsers:
		return "Leads to two users"
	case model.ConflictUsernameTwice:
		return "Two people claim the username"
	case model.ConflictReusedName:
		return "The username was somebody else's before"
	case model.LeftOutName:
		return "The name is not allowed here"
	case model.LeftOutAdministrator:
		return "May use this console"
	case model.LeftOutNotCreated:
		return "Is not made"
	case model.LeftOutPinned:
		return "Pinned by hand"
	case model.LeftOutByHandOnly:
		return "The group is by hand only"
	case model.LeftOutGroupName:
		return "The group's name is not allowed here"
	case model.LeftOutByHand:
		return "Deactivated by hand"
	case model.LeftOutOtherSource:
		return "Another source says otherwise"
	case model.LeftOutGrace:
		return "Missing, and waited for"
	default:
		return string(k)
	}
}

func triggerWord(r model.SourceRun) string {
	switch r.Trigger {
	case model.RunBySchedule:
		return "by schedule"
	case model.RunByHand:
		return "by " + r.Actor
	case model.RunByApproval:
		return "approved by " + r.Actor
	case model.RunByUndo:
		return "undo by " + r.Actor
	case model.RunByPush:
		return "pushed"
	case model.RunByLogin:
		return "at a login"
	default:
		return string(r.Trigger)
	}
}
