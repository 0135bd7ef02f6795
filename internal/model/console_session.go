package model

import "time"

// ConsoleSession is one of an administrator's sessions.
type ConsoleSession struct {
	ID              int64
	AdministratorID int64
	Method          string // "password", "passkey", "password and passkey", "password and recovery code", "claim"
	RemoteAddr      string
	UserAgent       string
	StartedAt       time.Time
	LastSeenAt      time.Time
}

// Passkey is a WebAuthn credential of an administrator.
type Passkey struct {
	ID         []byte
	Name       string
	Credential []byte // JSON of the WebAuthn library
	CreatedAt  time.Time
	LastUsedAt time.Time // zero: never
}
