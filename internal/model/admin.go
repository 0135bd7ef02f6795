package model

import (
	"encoding/json"
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
	Email        string
	PasswordHash string // argon2id, PHC string
	Role         Role
	SessionEpoch int
	CreatedAt    time.Time
	LastSigninAt time.Time
}

// Actor is who makes a change; it is written into the audit with the change.
type Actor struct {
	Name       string // administrator's email, "shell", "config apply", "login <id>"
	RemoteAddr string
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
}

// App is a relying party that gets users and groups from Postern.
type App struct {
	Slug         string   `json:"slug"`
	Kind         string   `json:"kind"` // oidc | crowd
	Name         string   `json:"name"`
	RedirectURIs []string `json:"redirect_uris,omitempty"`
	AllowedIPs   []string `json:"allowed_ips,omitempty"`
}
