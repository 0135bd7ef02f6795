package model

import "time"

// AuthRequest is one time that an app sent somebody here to sign in.
type AuthRequest struct {
	ID            string // random; also names the grant that its tokens carry
	App           string // slug
	RedirectURI   string
	State         string
	Nonce         string
	FormPost      bool // the answer is a form that the browser posts, not an address
	Scopes        []string
	CodeChallenge string         // PKCE with S256; empty: the app sent none
	Prompt        string         // "", "none" or "login"
	MaxAge        *time.Duration // nil: the app does not mind how long ago
	Hint          string         // id of the user that the app expects; empty: anybody
	CreatedAt     time.Time
	ExpiresAt     time.Time

	SignedIn  SignedIn  // who, once the person is signed in
	CodeUntil time.Time // when the code expires
	Spent     bool      // the code was exchanged
}

// SignedIn is who signed in and how, as the ID token tells it.
type SignedIn struct {
	UserID       string
	SessionEpoch int
	AuthTime     time.Time // when AWS says that the person authenticated
	ACR          string    // the authentication context that AWS named; empty: none
	Connection   string    // slug of the one that they came through
	SessionID    string    // names their session here, so that signing out ends what it gave
	Until        time.Time // when that session ends
}

// TokenKind tells the two kinds of tokens apart.
type TokenKind string

// Kinds of tokens.
const (
	TokenAccess  TokenKind = "access"
	TokenRefresh TokenKind = "refresh"
)

// Token is a token that an app has; only its hash is kept.
type Token struct {
	Kind         TokenKind
	GrantID      string // the AuthRequest that it comes from
	App          string // slug
	UserID       string
	SessionEpoch int
	Scopes       []string
	AuthTime     time.Time
	Connection   string    // slug of the one that the person came through
	SessionID    string    // names the person's session
	SessionUntil time.Time // when it ends; a token does not outlive it
	ExpiresAt    time.Time
	Spent        bool // a refresh token that was exchanged already
}

// KeyState is where a signing key stands.
type KeyState string

// A key is published as next, signs while it is current, and stays published
// for a while when it is retired.
const (
	KeyNext    KeyState = "next"
	KeyCurrent KeyState = "current"
	KeyRetired KeyState = "retired"
)

// SigningKey signs ID tokens.
type SigningKey struct {
	ID        string // "kid" on the wire
	State     KeyState
	Sealed    []byte // the private key, PKCS #8, sealed
	CreatedAt time.Time
	CurrentAt time.Time // since when it signs; zero: not yet
	RetiredAt time.Time // zero: not yet
}

// AppSignIns is the last sign-in of an app that worked and the last that did not.
type AppSignIns struct {
	App          string
	WorkedAt     time.Time // zero: never
	WorkedUser   string    // username
	RefusedAt    time.Time // zero: never
	RefusedError string    // the protocol's word, for example "invalid_grant"
	RefusedWhy   string    // a sentence for administrators
	RefusedAddr  string    // who asked
}
