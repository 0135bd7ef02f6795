package scim

import (
	"fmt"
	"net/http"
)

// Types of errors that RFC 7644, 3.12 names.
const (
	typeFilter     = "invalidFilter"
	typeUniqueness = "uniqueness"
	typeMutability = "mutability"
	typeSyntax     = "invalidSyntax"
	typePath       = "invalidPath"
	typeTarget     = "noTarget"
	typeValue      = "invalidValue"
	typeVersion    = "invalidVers"
)

// Error is an answer that is no success, in SCIM's form.
type Error struct {
	Status int
	Type   string // empty where the status says all
	Detail string // a sentence for the administrator of the identity provider
}

func (e *Error) Error() string { return e.Detail }

func fail(status int, kind, format string, args ...any) *Error {
	return &Error{Status: status, Type: kind, Detail: fmt.Sprintf(format, args...)}
}

// bad is a request that cannot be carried out as it is.
func bad(kind, format string, args ...any) *Error {
	return fail(http.StatusBadRequest, kind, format, args...)
}

// body is the error as it is sent.
func (e *Error) body() object {
	o := object{"schemas": []any{urnError}, "status": fmt.Sprint(e.Status), "detail": e.Detail}
	if e.Type != "" {
		o["scimType"] = e.Type
	}
	return o
}
