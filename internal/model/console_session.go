package model

import "time"

// ConsoleSession is one of an administrator's sessions.
type ConsoleSession struct {
	ID              int64
	AdministratorID int64
	Method          SignInMethod
	RemoteAddr      string
	UserAgent       string
	StartedAt       time.Time
	LastSeenAt      time.Time
}

// SignInMethod is how an administrator signed in, in words.
type SignInMethod string

// The ways to sign in to the console.
const (
	ByPassword           SignInMethod = "password"
	ByPasskey            SignInMethod = "passkey"
	ByPasswordAndPasskey SignInMethod = "password and passkey"
	ByPasswordAndCode    SignInMethod = "password and recovery code"
	ByAWS                SignInMethod = "AWS"
	ByAWSAndPasskey      SignInMethod = "AWS and passkey"
	ByAWSAndCode         SignInMethod = "AWS and recovery code"
	ByClaimLink          SignInMethod = "claim link"
)

// Passkey is a WebAuthn credential of an administrator.
type Passkey struct {
	ID         []byte
	Name       string
	Credential []byte // JSON of the WebAuthn library
	CreatedAt  time.Time
	LastUsedAt time.Time // zero: never
}
