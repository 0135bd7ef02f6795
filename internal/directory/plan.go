package directory

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/postern-sso/postern/internal/model"
)

// Plan says what a reading changes here, why, and whether a person has to approve
// it. The error is an *Unusable, where nothing may be concluded from the reading.
func Plan(in Input) (model.SourcePlan, error) {
	if err := usable(in); err != nil {
		return model.SourcePlan{}, err
	}
	p := newPlanner(in)
	for _, person := range p.people {
		p.decide(person)
	}
	p.leave()
	p.settleNames()
	p.decideGroups()
	p.decideRules()
	return p.result(), nil
}

// usable refuses readings that can only be a fault of the source, or of the way it is
// read: nobody there, and ids that are none.
func usable(in Input) error {
	if !in.Partial && len(in.Reading.People) == 0 {
		return &Unusable{Reason: "empty_result", Detail: "The source answered without an error and has no person in it. Nothing was changed."}
	}
	if !in.Partial && in.Reading.GroupsRead && len(in.Reading.Groups) == 0 && len(in.Known.Memberships) > 0 {
		return &Unusable{Reason: "empty_result", Detail: "The source answered without an error and has no group in it, " +
			"although groups of it have members here. Nothing was changed."}
	}
	people := make(map[string]string, len(in.Reading.People))
	for _, person := range in.Reading.People {
		if err := once(people, person.StableID, person.Username, "person"); err != nil {
			return err
		}
	}
	groups := make(map[string]string, len(in.Reading.Groups))
	for _, g := range in.Reading.Groups {
		if err := once(groups, g.StableID, g.Name, "group"); err != nil {
			return err
		}
	}
	return nil
}

func once(seen map[string]string, id, name, what string) error {
	if id == "" {
		return &Unusable{Reason: "missing_id", Detail: fmt.Sprintf("The %s “%s” has no id in the source, so it could not be told from others. "+
			"Nothing was changed.", what, name)}
	}
	if first, ok := seen[id]; ok {
		return &Unusable{Reason: "duplicate_id", Detail: fmt.Sprintf("“%s” and “%s” have the same id %s in the source. Nothing was changed.", first, name, id)}
	}
	seen[id] = name
	return nil
}

// planner gathers a plan.
type planner struct {
	in     Input
	slug   string
	people []model.SourcePerson // by stable id

	users    map[string]*User // by id
	named    map[string]*User // by the key of the username, as now
	mirror   map[string]MirrorPerson
	linkedTo map[string]string              // user → stable id of this source, now or by this plan
	foreign  map[string][]OtherLink         // by any id
	denied   map[string]string              // user → another live source that says disabled
	awsIDs   map[string][]string            // user → AWS user ids on the connection
	read     map[string]*model.SourcePerson // by stable id

	linkedNow map[string]string // stable id → user, of links that this plan makes to users who are there
	made      map[string]bool   // stable ids of people whom this plan makes
	changes   []*pending
	byUser    map[string][]*pending
	groups    []model.SourceChange
	homes     []homeOf // of those who were read
	byRules   []model.SourceChange
	leftOut   []model.LeftOut
	missing   []string
	counts    model.RunCounts
	gives     tally // of what the source gives
	rules     tally // of what rules give its people
}

// tally is what becomes of memberships of one kind, by local group.
type tally struct {
	removed map[int64]int  // that the plan takes
	kept    map[int64]bool // somebody comes, or stays
	had     map[int64]int  // how many there are
}

func newTally() tally {
	return tally{removed: map[int64]int{}, kept: map[int64]bool{}, had: map[int64]int{}}
}

// pending is a change to a person that may need a username which another gives up.
type pending struct {
	model.SourceChange
	claims string // key of the username that it wants; empty: none
	state  int    // of order
	gone   bool   // left out after all
}

func newPlanner(in Input) *planner {
	p := &planner{in: in, slug: in.Source.Slug, people: slices.Clone(in.Reading.People),
		users: make(map[string]*User, len(in.Known.Users)), named: make(map[string]*User, len(in.Known.Users)),
		mirror: make(map[string]MirrorPerson, len(in.Known.Mirror)), linkedTo: map[string]string{},
		foreign: map[string][]OtherLink{}, denied: map[string]string{}, awsIDs: map[string][]string{},
		read: make(map[string]*model.SourcePerson, len(in.Reading.People)), linkedNow: map[string]string{}, made: map[string]bool{},
		byUser: map[string][]*pending{}, gives: newTally(), rules: newTally()}
	slices.SortFunc(p.people, func(a, b model.SourcePerson) int { return strings.Compare(a.StableID, b.StableID) })
	for i := range p.people {
		p.read[p.people[i].StableID] = &p.people[i]
	}
	for i := range in.Known.Users {
		u := &in.Known.Users[i]
		p.users[u.ID], p.named[model.Key(u.Username)] = u, u
	}
	for _, m := range in.Known.Mirror {
		p.mirror[m.StableID] = m
		if m.UserID != "" {
			p.linkedTo[m.UserID] = m.StableID
		}
	}
	p.indexOthers()
	p.counts.ReadUsers, p.counts.ReadGroups = len(in.Reading.People), len(in.Reading.Groups)
	return p
}

func (p *planner) indexOthers() {
	for _, o := range p.in.Known.Others {
		for _, id := range append([]string{o.StableID}, o.ForeignIDs...) {
			p.foreign[foreignKey(id)] = append(p.foreign[foreignKey(id)], o)
		}
		if o.Denies {
			p.denied[o.UserID] = o.Source
		}
	}
	for id, user := range p.in.Known.Identities {
		p.awsIDs[user] = append(p.awsIDs[user], id)
	}
}

// foreignKey is an id as two sources compare it: GUIDs are written in both cases.
func foreignKey(id string) string { return strings.ToLower(strings.TrimSpace(id)) }

func (p *planner) leaveOut(kind model.LeftOutKind, stableID, name, detail string, users ...string) {
	p.leftOut = append(p.leftOut, model.LeftOut{Kind: kind, StableID: stableID, Name: name, Users: users, Detail: detail})
}

func (p *planner) add(c model.SourceChange, claims string) {
	change := &pending{SourceChange: c, claims: claims}
	p.changes = append(p.changes, change)
	if c.UserID != "" {
		p.byUser[c.UserID] = append(p.byUser[c.UserID], change)
	}
}

// result puts the plan together.
func (p *planner) result() model.SourcePlan {
	plan := model.SourcePlan{LeftOut: p.leftOut, Missing: p.missing}
	var made, members []model.SourceChange
	for _, c := range p.groups {
		if c.Kind == model.SourceGroupMade {
			made = append(made, c)
		} else {
			members = append(members, c)
		}
	}
	plan.Changes = append(plan.Changes, made...)
	for _, c := range p.changes {
		plan.Changes = append(plan.Changes, c.SourceChange)
	}
	plan.Changes = append(append(plan.Changes, members...), p.byRules...)
	plan.Counts = p.count(plan.Changes)
	plan.Holds = p.holds(plan)
	plan.Digest = planDigest(plan.Changes)
	return plan
}

func (p *planner) count(changes []model.SourceChange) model.RunCounts {
	n := p.counts
	for _, c := range changes {
		switch c.Kind {
		case model.SourceCreated:
			n.Created++
		case model.SourceUpdated, model.SourceLinked:
			n.Updated++
		case model.SourceRenamed:
			n.Renamed++
		case model.SourceDeactivated:
			n.Deactivated++
		case model.SourceReactivated:
			n.Reactivated++
		case model.SourceMembers, model.SourceByRule:
			n.MembershipsAdded += len(c.Added)
			n.MembershipsRemoved += len(c.Removed)
			if c.Kind == model.SourceByRule {
				n.ByRule += len(c.Added) + len(c.Removed)
			}
		case model.SourceGroupMade:
		}
	}
	for _, l := range p.leftOut {
		if l.Kind.Conflict() {
			n.Conflicts++
		}
	}
	return n
}

// planDigest is equal for plans that do the same, whatever their reasons are called.
func planDigest(changes []model.SourceChange) string {
	sum := sha256.New()
	enc := json.NewEncoder(sum)
	for _, c := range changes {
		c.Why, c.Place = "", ""
		if err := enc.Encode(c); err != nil {
			panic(err) // only of plain values: cannot happen
		}
	}
	return hex.EncodeToString(sum.Sum(nil)[:16])
}
