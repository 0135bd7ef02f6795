package model

import "time"

// LeaverSays is what a source says of somebody who has left.
type LeaverSays string

// What sources say of people who have left.
const (
	LeaverAbsent     LeaverSays = "absent"     // the source knew the person, and does not any more
	LeaverDisabled   LeaverSays = "disabled"   // the source has the person, disabled
	LeaverUnassigned LeaverSays = "unassigned" // AWS has the person, who may not use the connection's application
)

// LeaverSayings are all of them, in the order in which the heavier goes first.
func LeaverSayings() []LeaverSays {
	return []LeaverSays{LeaverAbsent, LeaverDisabled, LeaverUnassigned}
}

// LeaverStays is why no source deactivates somebody who has left.
type LeaverStays string

// Why people stay active. The first that holds is told.
const (
	StaysAdministrator LeaverStays = "administrator" // may use the console
	StaysPinned        LeaverStays = "pinned"        // an administrator pinned that the user stays active
	StaysNoHome        LeaverStays = "no_home"       // no source owns the user
	StaysAssignment    LeaverStays = "assignment"    // an assignment that ended deactivates nobody
	StaysPushed        LeaverStays = "pushed"        // a source that pushes said it before, and acts only when it says it again
	StaysOtherHome     LeaverStays = "other_home"    // another source owns the user, and only its own absence counts
)

// LeaverReasons are all of them, in the order in which they are told.
func LeaverReasons() []LeaverStays {
	return []LeaverStays{StaysAdministrator, StaysPinned, StaysNoHome, StaysAssignment, StaysPushed, StaysOtherHome}
}

// Leaver is a user who is active here although a live source says that they have
// left, and whom no source deactivates.
type Leaver struct {
	User
	SourceSlug string // which says so; where several do, the first by slug
	SourceName string
	Says       LeaverSays
	Why        string      // in the source's words why the person is disabled; may be empty
	Gone       time.Time   // when a run missed the person first; zero: it is not known, or not absent
	Stays      LeaverStays // why no source deactivates them
	Adoptable  bool        // the source can become the user's home
	Groups     []string    // names of all groups that the user is in
}
