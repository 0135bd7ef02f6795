package sso

import "github.com/postern-sso/postern/internal/model"

// Explained are the codes that have words of their own.
func Explained() map[model.Code]Reason { return reasons }

// SaysWhere tells whether it is said of a refusal what in the message it is
// about, or that it is about nothing there.
func SaysWhere(c model.Code) bool { return reasons[c].places != nil }

// IsAboutMessage tells whether a refusal is about a part of the message.
func IsAboutMessage(c model.Code) bool { return len(reasons[c].places) > 0 }
