package directory

import (
	"time"

	"github.com/postern-sso/postern/internal/model"
)

// StepState is how one step of a test went.
type StepState string

// States of steps. A step after one that failed is skipped.
const (
	StepOK      StepState = "ok"
	StepFailed  StepState = "failed"
	StepSkipped StepState = "skipped"
)

// Step is one thing that the test of a source tried, in order: reach, TLS, bind,
// base, one person, one group.
type Step struct {
	Name   string // permanent: "reach", "tls"
	Title  string // what was tried, for people
	State  StepState
	Detail string // what was seen, a sentence; no secret
	Remedy string // what helps; empty where it went well
}

// TestResult is what the test of a source found.
type TestResult struct {
	Steps  []Step
	People []model.SourcePerson // some of them, as they would come out

	Untrusted *Certificate // the server's, which is not trusted; nil: none was seen that is not
}

// Certificate is a server's certificate, for an administrator to compare.
type Certificate struct {
	SHA256    string // of the whole, lower-case hex
	Subject   string
	Issuer    string
	Names     []string // that it is for
	NotBefore time.Time
	NotAfter  time.Time
}
