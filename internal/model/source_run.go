package model

import "time"

// RunsKept is how long runs are kept, with what each did; and so how long one can
// be undone.
const RunsKept = 90 * 24 * time.Hour

// RunOutcome is how a run of a source ended.
type RunOutcome string

// Outcomes of runs. The first two are of runs that are not over.
const (
	RunReading    RunOutcome = "reading"
	RunApplying   RunOutcome = "applying"
	RunApplied    RunOutcome = "applied"
	RunNothing    RunOutcome = "nothing"    // nothing was to be done
	RunDry        RunOutcome = "dry_run"    // a plan, and nothing done
	RunHeld       RunOutcome = "held"       // a plan that waits for a person
	RunIncomplete RunOutcome = "incomplete" // the answer was cut off: nothing is concluded
	RunFailed     RunOutcome = "failed"
	RunRejected   RunOutcome = "rejected"   // held, and a person said no
	RunSuperseded RunOutcome = "superseded" // held or dry, and a later run has a plan of its own
	RunUndone     RunOutcome = "undone"     // applied, and taken back as one
)

// RunOutcomes are all outcomes.
func RunOutcomes() []RunOutcome {
	return []RunOutcome{RunReading, RunApplying, RunApplied, RunNothing, RunDry, RunHeld, RunIncomplete, RunFailed, RunRejected, RunSuperseded, RunUndone}
}

// Over tells whether the run is over. A held run is: what comes after it is another's.
func (o RunOutcome) Over() bool { return o != RunReading && o != RunApplying }

// RunTrigger is why a run began.
type RunTrigger string

// Why runs begin.
const (
	RunBySchedule RunTrigger = "schedule"
	RunByHand     RunTrigger = "hand"     // from the page or the shell
	RunByApproval RunTrigger = "approval" // reads again and carries a held plan out
	RunByUndo     RunTrigger = "undo"
	RunByPush     RunTrigger = "push"  // SourceSCIM
	RunByLogin    RunTrigger = "login" // one person was read who signed in
)

// RunTriggers are all of them.
func RunTriggers() []RunTrigger {
	return []RunTrigger{RunBySchedule, RunByHand, RunByApproval, RunByUndo, RunByPush, RunByLogin}
}

// RunCounts is what a run read and does, or would do.
type RunCounts struct {
	ReadUsers          int `json:"read_users"`
	ReadGroups         int `json:"read_groups"`
	Created            int `json:"created"`
	Updated            int `json:"updated"`
	Renamed            int `json:"renamed"`
	Deactivated        int `json:"deactivated"`
	Reactivated        int `json:"reactivated"`
	MembershipsAdded   int `json:"memberships_added"`
	MembershipsRemoved int `json:"memberships_removed"`
	ByRule             int `json:"memberships_by_rule,omitempty"` // of those added and removed: that rules give and take
	Conflicts          int `json:"conflicts"`
}

// SourceRun is one run of a source.
type SourceRun struct {
	ID        int64
	Source    string // slug
	Trigger   RunTrigger
	Actor     string // who asked for it; empty: the schedule
	Outcome   RunOutcome
	Reason    string // short and permanent: "empty_result", "size_limit"; empty where all went well
	Detail    string // the same as a sentence for people
	Remedy    string // what helps, a sentence; may be empty
	Counts    RunCounts
	Server    string
	Holds     []Hold
	Remarks   []string
	Digest    string // of its plan; equal plans do the same
	Changes   int    // of the plan
	Done      int    // of them carried out
	Approves  int64  // RunByApproval: the run whose plan it carries out
	Undoes    int64  // RunByUndo
	DecidedBy string // who approved or rejected it
	Dry       bool   // it was asked to change nothing
	Reading   string // Source.Reading() of what it read
	StartedAt time.Time
	EndedAt   time.Time // zero: goes on

	SeenUsers, SeenGroups int    // read so far
	AuditID               int64  // the entry of the audit that begins its act; zero: nothing was changed
	RemoteAddr            string // of who asked for it
}

// Waits tells whether the run's plan waits for a person: over a limit, or of a dry run.
func (r SourceRun) Waits() bool {
	return r.Outcome == RunHeld || r.Outcome == RunDry && r.Changes > 0
}

// HoldKind is a limit that a plan is over.
type HoldKind string

// Kinds of holds.
const (
	HoldDeactivations HoldKind = "deactivations"
	HoldRenames       HoldKind = "renames"
	HoldGroupShrinks  HoldKind = "group_shrinks"
	HoldGroupEmptied  HoldKind = "group_emptied"
)

// HoldKinds are all limits.
func HoldKinds() []HoldKind {
	return []HoldKind{HoldDeactivations, HoldRenames, HoldGroupShrinks, HoldGroupEmptied}
}

// Hold is why a plan waits for a person: what it would do, and how much of it is
// let through without one.
type Hold struct {
	Kind    HoldKind `json:"kind"`
	Group   string   `json:"group,omitempty"`   // of groups: our name
	Would   int      `json:"would"`             // in this run
	Before  int      `json:"before"`            // in the 24 hours before, without approval
	Allowed int      `json:"allowed"`           // in 24 hours
	Of      int      `json:"of"`                // people or members that the share is of
	Common  string   `json:"common,omitempty"`  // the place where all of them stood
	ByRule  bool     `json:"by_rule,omitempty"` // of groups: it is about what rules give, else about what the source gives
}

// SourceChangeKind is one kind of change.
type SourceChangeKind string

// Changes of a plan, in the order in which they are carried out.
const (
	SourceGroupMade   SourceChangeKind = "group_made"
	SourceCreated     SourceChangeKind = "created"
	SourceLinked      SourceChangeKind = "linked" // a user who was there is taken over, or known from another source
	SourceUpdated     SourceChangeKind = "updated"
	SourceRenamed     SourceChangeKind = "renamed" // with other fields, if they change too
	SourceDeactivated SourceChangeKind = "deactivated"
	SourceReactivated SourceChangeKind = "reactivated"
	SourceMembers     SourceChangeKind = "members"
	SourceByRule      SourceChangeKind = "by_rule" // memberships that rules of a connection give
)

// Switched is one time that a source deactivated a user, or made one active again.
type Switched struct {
	Source   string // slug
	Run      int64
	Active   bool
	Why      string // as the plan said
	At       time.Time
	UndoneAt time.Time // when the run was taken back; zero: it was not
}

// SourceChangeKinds are all kinds, in that order.
func SourceChangeKinds() []SourceChangeKind {
	return []SourceChangeKind{SourceGroupMade, SourceCreated, SourceLinked, SourceUpdated, SourceRenamed, SourceDeactivated, SourceReactivated, SourceMembers,
		SourceByRule}
}

// OfMembers tells whether the change is about memberships.
func (k SourceChangeKind) OfMembers() bool { return k == SourceMembers || k == SourceByRule }

// UserFields is what a source may write of a user.
type UserFields struct {
	Username    string `json:"username"`
	Email       string `json:"email"`
	FirstName   string `json:"first_name"`
	LastName    string `json:"last_name"`
	DisplayName string `json:"display_name"`
	Active      bool   `json:"active"`
}

// SourceChange is one thing that a plan does, and why.
type SourceChange struct {
	Kind     SourceChangeKind `json:"kind"`
	StableID string           `json:"stable_id"`         // of the person or the group in the source
	UserID   string           `json:"user_id,omitempty"` // empty for one that is created
	Before   UserFields       `json:"before"`
	After    UserFields       `json:"after"`
	Home     bool             `json:"home,omitempty"`    // SourceLinked: the source becomes the user's home
	Group    string           `json:"group,omitempty"`   // our name
	Ref      string           `json:"ref,omitempty"`     // of the memberships: slug/stable id of the group; SourceByRule: slug of the connection
	Origin   string           `json:"origin,omitempty"`  // SourceByRule: names of the rules that give, or gave, as the membership has them
	Added    []string         `json:"added,omitempty"`   // stable ids of people
	Removed  []string         `json:"removed,omitempty"` // ids of users
	Place    string           `json:"place,omitempty"`   // where the person stood
	Why      string           `json:"why"`               // continues "…": because the source says so
}

// LeftOutKind is why something a source said has no effect.
type LeftOutKind string

// Why something is left out. Conflicts are for a person to decide.
const (
	ConflictUsernameTaken LeftOutKind = "username_taken" // by a user with another owner
	ConflictTwoUsers      LeftOutKind = "two_users"      // its ids lead to two users
	ConflictUsernameTwice LeftOutKind = "username_twice" // two people of the source claim it
	ConflictReusedName    LeftOutKind = "reused_name"    // the username came with another stable id before
	LeftOutName           LeftOutKind = "name_refused"   // our rules refuse a name or an email
	LeftOutAdministrator  LeftOutKind = "administrator"  // people who administer the console are out of reach
	LeftOutNotCreated     LeftOutKind = "not_created"    // the source makes no users
	LeftOutPinned         LeftOutKind = "pinned"         // an administrator pinned the field
	LeftOutByHandOnly     LeftOutKind = "by_hand_only"   // no source may put anybody into the group
	LeftOutGroupName      LeftOutKind = "group_name"     // our rules refuse the group's name
	LeftOutByHand         LeftOutKind = "by_hand"        // deactivated by hand: stays
	LeftOutOtherSource    LeftOutKind = "other_source"   // another source owns the fields, or says disabled
	LeftOutGrace          LeftOutKind = "grace"          // missing, within the grace
)

// LeftOutKinds are all of them.
func LeftOutKinds() []LeftOutKind {
	return []LeftOutKind{ConflictUsernameTaken, ConflictTwoUsers, ConflictUsernameTwice, ConflictReusedName, LeftOutName, LeftOutAdministrator,
		LeftOutNotCreated, LeftOutPinned, LeftOutByHandOnly, LeftOutGroupName, LeftOutByHand, LeftOutOtherSource, LeftOutGrace}
}

// Conflict tells whether a person has to decide.
func (k LeftOutKind) Conflict() bool {
	return k == ConflictUsernameTaken || k == ConflictTwoUsers || k == ConflictUsernameTwice || k == ConflictReusedName
}

// LeftOut is something that a source said and that has no effect.
type LeftOut struct {
	Kind     LeftOutKind `json:"kind"`
	StableID string      `json:"stable_id"`
	Name     string      `json:"name"`            // the person's username or the group's name, as the source has it
	Users    []string    `json:"users,omitempty"` // ids of the users concerned
	Detail   string      `json:"detail"`          // a sentence
}

// SourcePlan is what a run would do.
type SourcePlan struct {
	Changes []SourceChange
	LeftOut []LeftOut
	Missing []string // stable ids that were there and are not in the reading
	Counts  RunCounts
	Holds   []Hold // none: it may be carried out without a person
	Digest  string
}
