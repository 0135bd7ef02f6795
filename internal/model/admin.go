package model

import (
	"encoding/json"
	"strings"
	"time"
)

// Role is what an administrator may do.
type Role string

// Roles, each including the ones after it.
const (
	RoleOwner  Role = "owner"  // everything, administrators included
	RoleAdmin  Role = "admin"  // everything but administrators
	RoleViewer Role = "viewer" // look, change nothing
)

// Includes tells whether a person with role r may do what needs role n.
// An unknown role includes nothing.
func (r Role) Includes(n Role) bool {
	rank := map[Role]int{RoleViewer: 1, RoleAdmin: 2, RoleOwner: 3}
	return rank[r] > 0 && rank[n] > 0 && rank[r] >= rank[n]
}

// Administrator is a person who may use the console.
type Administrator struct {
	ID           int64
	Email        string // of somebody who comes through AWS: the username
	PasswordHash string // argon2id, PHC string; empty where they come through AWS
	Role         Role
	SessionEpoch int
	CreatedAt    time.Time
	LastSigninAt time.Time
	Handle       string // UUID by which passkeys know the account
	UserID       string // the user who signs in through AWS; empty: an account of Postern's own
}

// ThroughAWS tells whether they come through AWS, as members of a local group.
// Their role is the group's, and never owner.
func (a Administrator) ThroughAWS() bool { return a.UserID != "" }

// AttemptKey is under which tries at the account's password are counted.
// Nobody can type the one of somebody who comes through AWS.
func (a Administrator) AttemptKey() string {
	if a.ThroughAWS() {
		return "user\n" + a.UserID
	}
	return "account\n" + Key(a.Email)
}

// ActorName is how the audit names them. Who comes through AWS may be called
// like anybody's email, so it says that they did.
func (a Administrator) ActorName() string {
	if a.ThroughAWS() {
		return a.Email + " (through AWS)"
	}
	return a.Email
}

// Actor is who makes a change; it is written into the audit with the change.
type Actor struct {
	Name       string // administrator's email, "shell", "config apply", "login <id>"
	RemoteAddr string

	OutsideConsole bool // may not decide who uses the console
}

// AuditEntry is one change: who, what, before and after.
type AuditEntry struct {
	ID         int64
	At         time.Time
	Actor      string
	RemoteAddr string
	Action     string // "user.create", "connection.go_live", …
	Object     string // what it was done to, for example a username
	Before     json.RawMessage
	After      json.RawMessage
	Note       string
	Act        int64 `json:"-"` // the entry that begins the act that this one belongs to; zero: this one
	Undo       Undo  `json:"-"` // as of reading
}

// Undo is what undoes an act, as long as that can be done: "bulk 12", "job 3" or "link abc…"; empty:
// nothing does.
type Undo string

// The kinds of Undo, by what their reference is of.
const (
	UndoBulk = "bulk" // a bulk change
	UndoJob  = "job"  // an import
	UndoLink = "link" // the login whose page linked a user
)

// Parts are the kind and the reference.
func (u Undo) Parts() (kind, reference string) {
	kind, reference, _ = strings.Cut(string(u), " ")
	return kind, reference
}

// App is a relying party that gets users and groups from Postern.
type App struct {
	Slug           string   `json:"slug"` // also its client ID, or its application name in Crowd's words
	Kind           string   `json:"kind"` // AppOIDC or AppCrowd
	Name           string   `json:"name"`
	Product        string   `json:"product,omitempty"` // jira | confluence | bitbucket | bamboo | other (ProductOther)
	RedirectURIs   []string `json:"redirect_uris,omitempty"`
	PostLogoutURIs []string `json:"post_logout_uris,omitempty"`
	StartURL       string   `json:"start_url,omitempty"`   // where a sign-in begins; empty: known of Atlassian's products, else nowhere
	AllowedIPs     []string `json:"allowed_ips,omitempty"` // addresses or networks; empty: any
	Connection     string   `json:"connection,omitempty"`  // slug of the one people sign in through; empty: they choose
	Public         bool     `json:"public,omitempty"`      // a client that can keep no secret: PKCE is required
	AllGroups      bool     `json:"all_groups"`            // the app sees every group
	Groups         []string `json:"groups,omitempty"`      // else these, by name
}

// Kinds of apps: the two integrations that bring users and groups.
const (
	AppOIDC  = "oidc"
	AppCrowd = "crowd"
)

// AppKinds are all of them.
func AppKinds() []string { return []string{AppOIDC, AppCrowd} }

// ProductOther is the product of an app whose screens are not known.
const ProductOther = "other"

// Products are what an app can be, as the configuration document names it.
func Products() []string { return []string{"jira", "confluence", "bitbucket", "bamboo", ProductOther} }

// AppSecret is a client secret or an application password. What it is, nobody
// knows any more: only its hash is kept.
type AppSecret struct {
	ID         int64
	App        string
	Hash       string
	Hint       string // its beginning, to tell two apart
	CreatedBy  string
	CreatedAt  time.Time
	LastUsedAt time.Time // zero: never
}
