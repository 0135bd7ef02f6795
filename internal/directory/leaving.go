package directory

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/postern-sso/postern/internal/model"
)

// decideActive switches a linked user off or on, as a source says of one who is there.
// fields are the user's after what the plan did before, home the home after it.
func (p *planner) decideActive(person model.SourcePerson, u *User, fields model.UserFields, home string) {
	if !person.Says.Has(model.SaysActive) {
		return
	}
	if !person.Enabled {
		p.deactivate(person.StableID, person.Place, u, fields, home, "because the source says that the person is disabled"+because(person.Why))
		return
	}
	if u.Active {
		return
	}
	by, ours := model.DeactivatingSource(u.DeactivatedBy)
	other, denied := p.denied[u.ID]
	switch {
	case !ours || by != p.slug:
		if u.DeactivatedBy == model.DeactivatedByHand {
			p.leaveOut(model.LeftOutByHand, person.StableID, u.Username, "Was deactivated by hand, and stays so although the source has the person enabled.", u.ID)
		}
	case u.Pins.Holds(model.PinActive, p.in.Now):
		p.leaveOut(model.LeftOutPinned, person.StableID, u.Username, "Is enabled in the source, but an administrator pinned that the user stays inactive.", u.ID)
	case denied:
		p.leaveOut(model.LeftOutOtherSource, person.StableID, u.Username, fmt.Sprintf("Is enabled here, but the source %s says disabled.", other), u.ID)
	default:
		after := fields
		after.Active = true
		p.add(model.SourceChange{Kind: model.SourceReactivated, StableID: person.StableID, UserID: u.ID, Before: fields, After: after,
			Place: person.Place, Why: "because the source has the person again, enabled"}, "")
	}
}

func because(why string) string {
	if why == "" {
		return ""
	}
	return " (" + why + ")"
}

// deactivate switches a user off, if a source may: one with a home, who does not
// administer the console and is not pinned.
func (p *planner) deactivate(stableID, place string, u *User, fields model.UserFields, home, why string) {
	if !u.Active || home == "" {
		return
	}
	switch {
	case u.Administrator:
		p.leaveOut(model.LeftOutAdministrator, stableID, u.Username, "Would be deactivated, but may use this console: sources do not touch such users.", u.ID)
	case u.Pins.Holds(model.PinActive, p.in.Now):
		p.leaveOut(model.LeftOutPinned, stableID, u.Username, "Would be deactivated, but an administrator pinned that the user stays active.", u.ID)
	default:
		after := fields
		after.Active = false
		p.add(model.SourceChange{Kind: model.SourceDeactivated, StableID: stableID, UserID: u.ID, Before: fields, After: after, Place: place, Why: why}, "")
	}
}

// leave says what becomes of people who were in the source and are not any more.
// Absence counts only from the home, and only in a complete reading; a source that
// takes somebody away by name needs none.
func (p *planner) leave() {
	mirror := slices.Clone(p.in.Known.Mirror)
	slices.SortFunc(mirror, func(a, b MirrorPerson) int { return cmp.Compare(a.StableID, b.StableID) })
	for _, m := range mirror {
		named := slices.Contains(p.in.Gone, m.StableID)
		if p.read[m.StableID] != nil || p.in.Partial && !named {
			continue
		}
		p.missing = append(p.missing, m.StableID)
		u := p.users[m.UserID]
		if u == nil || u.Home != p.slug || !u.Active {
			continue
		}
		missed := m.Missed + 1
		switch {
		case named:
			p.deactivate(m.StableID, m.Place, u, u.UserFields, u.Home, "because the source removed the person")
		case missed <= p.in.Source.AbsenceGrace:
			p.leaveOut(model.LeftOutGrace, m.StableID, u.Username, "Is not in the source any more; deactivated if missing in "+
				model.Count(p.in.Source.AbsenceGrace-missed+1, "more complete run", "more complete runs")+".", u.ID)
		default:
			p.deactivate(m.StableID, m.Place, u, u.UserFields, u.Home, "because the person is not in the source any more")
		}
	}
}
