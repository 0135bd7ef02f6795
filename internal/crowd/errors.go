package crowd

import (
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"

	"github.com/postern-sso/postern/internal/store"
)

// Reasons, in Crowd's own words.
const (
	reasonAccessDenied   = "APPLICATION_ACCESS_DENIED"
	reasonPermission     = "APPLICATION_PERMISSION_DENIED"
	reasonIllegal        = "ILLEGAL_ARGUMENT"
	reasonUserNotFound   = "USER_NOT_FOUND"
	reasonGroupNotFound  = "GROUP_NOT_FOUND"
	reasonNotMember      = "MEMBERSHIP_NOT_FOUND"
	reasonAuthentication = "INVALID_USER_AUTHENTICATION"
	reasonInactive       = "INACTIVE_ACCOUNT"
	reasonSession        = "INVALID_SSO_TOKEN"
	reasonTokenExpired   = "EVENT_TOKEN_EXPIRED"
	reasonUnsupported    = "UNSUPPORTED_OPERATION"
	reasonFailed         = "OPERATION_FAILED"
)

// failure is an answer that says no, in Crowd's form.
type failure struct {
	XMLName xml.Name `xml:"error" json:"-"`
	Reason  string   `xml:"reason" json:"reason"`
	Message string   `xml:"message" json:"message"`
	status  int
}

func (f *failure) Error() string { return f.Reason + ": " + f.Message }

func fail(status int, reason, format string, args ...any) error {
	return &failure{status: status, Reason: reason, Message: fmt.Sprintf(format, args...)}
}

func illegal(format string, args ...any) error {
	return fail(http.StatusBadRequest, reasonIllegal, format, args...)
}

// What is not there, and is said by its name as it was asked for.
func noUser(name string) error {
	return fail(http.StatusNotFound, reasonUserNotFound, "User <%s> does not exist", name)
}

func noGroup(name string) error {
	return fail(http.StatusNotFound, reasonGroupNotFound, "Group <%s> does not exist", name)
}

// orElse says what it means that a store method found nothing.
func orElse(err, notFound error) error {
	if errors.Is(err, store.ErrNotFound) {
		return notFound
	}
	return err
}

// readOnly is the answer to every change that an app wants to make.
func readOnly(*call) error {
	return fail(http.StatusForbidden, reasonPermission, "This directory is read-only. Users and groups are managed in Postern.")
}
