package sso

import "github.com/postern-sso/postern/internal/model"

// Reason has the words for one code.
type Reason struct {
	Code     model.Code
	Title    string // short
	Happened string
	Fix      string
	Who      string // who can fix it
	Where    string // the field on the AWS screen, or a page here
	Causes   []Cause
}

// Cause is one likely cause, and what to look at.
type Cause struct{ Title, Check string }

// Explain has the words for a code.
func Explain(c model.Code) Reason { return Reason{Code: c} }

// CheckTitle is the title of a check.
func CheckTitle(id string) string { return id }
