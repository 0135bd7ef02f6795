package directory

import (
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/provision"
)

// Input is everything that a plan depends on.
type Input struct {
	Source  model.Source
	Reading model.Reading
	// Partial: the reading has only some of the source's people and groups, because
	// the source pushed just those. Who is not in it is not missing.
	Partial bool
	Gone    []string // stable ids of people whom the source took away by name
	// GoneGroups are stable ids of groups that it took away by name.
	GoneGroups []string
	Known      Known
	Now        time.Time
}

// Known is what the database knows. A partial reading needs only what it touches.
type Known struct {
	Mirror      []MirrorPerson    // what the source said before, with the users linked to it
	Users       []User            // all users, or those that the reading can concern
	Others      []OtherLink       // people of other sources
	Identities  map[string]string // SourceAWS: AWS user id on the source's connection → id of the user
	Groups      []Group           // local groups
	Memberships []Membership      // those that this source gives
	Sizes       map[int64]int     // by local group: to how many this source gives it; of a group that is not in it, those of Memberships
	RuleSizes   map[int64]int     // by local group: to how many of the source's people rules give it; likewise, those of ByRule
	Active      int               // active users whose home the source is, all of them
	Recent      Recent

	// What rules are worked out from; without SignedIn they are not.
	Rules    map[string][]model.Rule // of live connections, by slug
	SignedIn []SignedIn
	ByRule   []RuleMembership // of those people, and of others whose home the source is
}

// SignedIn is somebody whose home the source is, or could become, and who signed in
// through a live connection.
type SignedIn struct {
	User       string // id
	Connection string // slug
	Last       *provision.Last
}

// RuleMembership is a membership that rules of a connection gave.
type RuleMembership struct {
	User       string // id
	Connection string // slug
	Group      int64  // id of the local group
	Origin     string // names of the rules
}

// MirrorPerson is what the mirror has of one person of the source.
type MirrorPerson struct {
	StableID string
	Username string // as the source said it last
	Place    string
	Present  bool // in the last complete reading
	Missed   int  // complete readings since in which the person was missing
	Enabled  bool
	UserID   string // empty: linked to nobody
}

// User is a user of ours, as far as sources may touch one.
type User struct {
	ID string
	model.UserFields
	Home          string     // slug of the home source; empty: none
	Pins          model.Pins // fields that an administrator keeps
	DeactivatedBy string     // who deactivated the user, as model.DeactivatedBy… say
	Administrator bool       // may use the console
	LastLoginAt   time.Time
}

// OtherLink is a person of another source.
type OtherLink struct {
	Source     string // slug
	StableID   string
	ForeignIDs []string
	UserID     string
	Denies     bool // the source is live and says disabled
}

// Group is a local group.
type Group struct {
	ID         int64
	Name       string
	ByHandOnly bool // nobody comes in but by hand
	Privileged bool // gives the console, or the administration of a product
}

// Membership is who is in a local group by one group of the source.
type Membership struct {
	Ref   string   // slug/stable id of the source's group
	Group int64    // id of the local group
	Users []string // ids of users
}

// Recent is what runs of the source did in the last 24 hours that no person approved.
type Recent struct {
	Deactivated int
	Renamed     int
	Removed     map[int64]int // by local group, of what the source gives
	RuleRemoved map[int64]int // by local group, of what rules give
}
