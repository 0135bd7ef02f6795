package ldap

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"github.com/postern-sso/postern/internal/directory"
	"github.com/postern-sso/postern/internal/model"
)

// Failure is one way in which a server refuses, in words for an administrator.
type Failure struct {
	Code   uint16 // LDAP's result code
	Sub    string // Active Directory's code within 49: "52e"; empty: all others
	Reason string // short and permanent
	Detail string // what happened, a sentence
	Remedy string // what helps, a sentence
	Cut    bool   // part of the answer may have come
}

// failures are what servers answer with. Sources: RFC 4511, appendix A; MS-ERREF
// and Microsoft's list of the codes behind "data" in an answer to a bind.
var failures = []Failure{
	{Code: 1, Reason: "operations_error", Detail: "The server could not carry the search out.",
		Remedy: "Active Directory answers so when nobody is signed in: check the account. Otherwise the server's log says more."},
	{Code: 2, Reason: "protocol_error", Detail: "The server does not know something that it was asked.",
		Remedy: "Where StartTLS was asked for, the server does not offer it: use an ldaps:// address. Otherwise check that this is an LDAP server of version 3."},
	{Code: 3, Reason: "time_limit", Cut: true, Detail: "The server cut the answer off, since it took longer than the server allows.",
		Remedy: "Raise the time limit for the account on the server, or choose a narrower base or filter."},
	{Code: 4, Reason: "size_limit", Cut: true, Detail: "The server cut the answer off, since it has more entries than the account may read.",
		Remedy: "Raise the account's size limit on the server (OpenLDAP: “limits … size.prtotal=unlimited”), or choose a narrower base or filter."},
	{Code: 7, Reason: "auth_method", Detail: "The server does not accept a name and a password as proof.",
		Remedy: "Allow simple binds for the account on the server."},
	{Code: 8, Reason: "encryption_required", Detail: "The server accepts the account over an encrypted connection only.",
		Remedy: "Use an ldaps:// address, or switch StartTLS on."},
	{Code: 10, Reason: "referral", Detail: "The server says that another server has these entries. It was not asked.",
		Remedy: "Use the address of the server that has the base, or correct the base."},
	{Code: 11, Reason: "admin_limit", Cut: true, Detail: "The server cut the answer off at a limit of its administrator.",
		Remedy: "Raise the limit for the account on the server (389 DS: nsLookThroughLimit), or choose a narrower base or filter."},
	{Code: 12, Reason: "control_refused", Detail: "The server refuses to answer in pages, although it says that it can.",
		Remedy: "Allow paged results for the account on the server."},
	{Code: 13, Reason: "encryption_required", Detail: "The server talks over an encrypted connection only.",
		Remedy: "Switch StartTLS on, or use an ldaps:// address."},
	{Code: 16, Reason: "no_attribute", Detail: "The server does not have an attribute that was asked for.",
		Remedy: "Check the names of the attributes and the filters."},
	{Code: 17, Reason: "no_attribute", Detail: "The server does not know an attribute that was asked for.",
		Remedy: "Check the names of the attributes and the filters."},
	{Code: 18, Reason: "filter_refused", Detail: "The server cannot compare as the filter wants it to.", Remedy: "Correct the filter."},
	{Code: 21, Reason: "invalid_syntax", Detail: "The server says that a value is not written as it must be.",
		Remedy: "Check the account's name, the base and the filters."},
	{Code: 32, Reason: "no_base", Detail: "The server has no such base, or does not let the account see it.",
		Remedy: "Check the base letter by letter, and that the account may read it: some servers answer so in place of “no right”."},
	{Code: 34, Reason: "invalid_name", Detail: "The server says that a distinguished name is not written as it must be.",
		Remedy: "Check the account's name and the base: “ou=people,dc=example,dc=com”."},
	{Code: 48, Reason: "no_password", Detail: "The account has no password on the server, so nobody can sign in with it.",
		Remedy: "Use another account, or set a password for this one."},
	{Code: 49, Reason: "bind_refused", Detail: "The server refuses the account: its name or its password is wrong, or it is locked.",
		Remedy: "Check both. Active Directory wants DOMAIN\\name, name@domain or a distinguished name; others want a distinguished name."},
	{Code: 49, Sub: "525", Reason: "bind_no_user", Detail: "The server does not know the account.",
		Remedy: "Check the account's name: DOMAIN\\name, name@domain or a distinguished name."},
	{Code: 49, Sub: "52e", Reason: "bind_refused", Detail: "The server refuses the account: its name or its password is wrong.",
		Remedy: "Check both: DOMAIN\\name, name@domain or a distinguished name. A bare name is never accepted."},
	{Code: 49, Sub: "52f", Reason: "bind_restricted", Detail: "A restriction of the account forbids the sign-in.",
		Remedy: "Look at the tab “Account” of the account in Active Directory Users and Computers: blank password, hours, computers."},
	{Code: 49, Sub: "530", Reason: "bind_hours", Detail: "The account may not sign in at this hour.",
		Remedy: "Active Directory Users and Computers, tab “Account”, “Logon Hours…”."},
	{Code: 49, Sub: "531", Reason: "bind_computer", Detail: "The account may not sign in from this machine.",
		Remedy: "Active Directory Users and Computers, tab “Account”, “Log On To…”."},
	{Code: 49, Sub: "532", Reason: "bind_password_expired", Detail: "The account's password has expired.",
		Remedy: "Set a new one, here too, and choose “Password never expires” for the account."},
	{Code: 49, Sub: "533", Reason: "bind_disabled", Detail: "The account is disabled.",
		Remedy: "Active Directory Users and Computers, “Enable Account”."},
	{Code: 49, Sub: "534", Reason: "bind_logon_type", Detail: "The account is not granted this kind of sign-in on the server.",
		Remedy: "Grant “Access this computer from the network” in the policy of the domain controllers."},
	{Code: 49, Sub: "701", Reason: "bind_expired", Detail: "The account has expired.",
		Remedy: "Active Directory Users and Computers, tab “Account”, “Account expires”."},
	{Code: 49, Sub: "773", Reason: "bind_must_change", Detail: "The account must change its password before it may sign in.",
		Remedy: "Clear “User must change password at next logon” in the tab “Account”."},
	{Code: 49, Sub: "775", Reason: "bind_locked", Detail: "The account is locked after wrong passwords.",
		Remedy: "Active Directory Users and Computers, tab “Account”, “Unlock account”. Look for what still uses an old password."},
	{Code: 50, Reason: "no_right", Detail: "The account may not read this.", Remedy: "Give the account the right to read the base."},
	{Code: 51, Reason: "busy", Detail: "The server is too busy to answer.", Remedy: "It is asked again in the next run. A second server in the list helps."},
	{Code: 52, Reason: "unavailable", Detail: "The server does not answer questions at the moment.",
		Remedy: "It is asked again in the next run. A second server in the list helps. Where StartTLS was asked for, the server may lack a certificate."},
	{Code: 53, Reason: "unwilling", Detail: "The server does not want to do this.",
		Remedy: "It may be read-only, starting, or find the filter too large. Its message and its log say more."},
	{Code: 80, Reason: "server_error", Detail: "The server failed.", Remedy: "Look into the server's log."},
}

// policyFailures are refusals that a password policy explains, of servers other than
// Active Directory. Source: draft-behera-ldap-password-policy-10, section 6.2.
var policyFailures = []struct {
	said int8
	Failure
}{
	{0, Failure{Code: 49, Sub: "ppolicy 0", Reason: "bind_password_expired", Detail: "The account's password has expired.",
		Remedy: "Set a new one, here too, and a policy without an end for the account."}},
	{1, Failure{Code: 49, Sub: "ppolicy 1", Reason: "bind_locked", Detail: "The account is locked on the server.",
		Remedy: "Unlock it (OpenLDAP: remove pwdAccountLockedTime). Look for what still uses an old password."}},
	{2, Failure{Code: 49, Sub: "ppolicy 2", Reason: "bind_must_change", Detail: "The account must change its password before it may do anything else.",
		Remedy: "Set its password as the account itself, or clear pwdReset."}},
}

// Failures are all ways in which a server refuses, as a page lists them.
func Failures() []Failure {
	all := append([]Failure(nil), failures...)
	for _, f := range policyFailures {
		all = append(all, f.Failure)
	}
	return all
}

var subcode = regexp.MustCompile(`(?i)\bdata ([0-9a-f]{3})\b`)

// maxSaid is how much of a server's own words is shown, in characters.
const maxSaid = 300

// refused puts a server's refusal into words. What it said of itself stands behind.
func (s *session) refused(what string, answer *ldap.Error) *directory.ReadError {
	said := ""
	if answer.Err != nil {
		said = s.clean(answer.Err.Error())
	}
	f := failureOf(answer.ResultCode, said)
	e := &directory.ReadError{Reason: f.Reason, Detail: model.UpperFirst(what) + ": " + model.LowerFirst(f.Detail), Remedy: f.Remedy,
		Incomplete: f.Cut || s.entries > 0, Err: fmt.Errorf("LDAP result %d", answer.ResultCode)}
	if said != "" {
		e.Detail += " It said: “" + said + "”."
	}
	return e
}

func failureOf(code uint16, said string) Failure {
	sub := ""
	if m := subcode.FindStringSubmatch(said); m != nil && code == 49 {
		sub = strings.ToLower(m[1])
	}
	var general *Failure
	for i, f := range failures {
		if f.Code == code && f.Sub == sub {
			return f
		}
		if f.Code == code && f.Sub == "" {
			general = &failures[i]
		}
	}
	if general != nil {
		return *general
	}
	return Failure{Code: code, Reason: fmt.Sprintf("ldap_%d", code), Detail: fmt.Sprintf("The server answered with the result code %d.", code),
		Remedy: "Look into the server's log."}
}

// clean is what a server said as a line without the account's password, which a
// broken or hostile server could say back.
func (s *session) clean(said string) string {
	said, _ = text(said)
	if password := s.reader.password; len(password) > 3 {
		said = strings.ReplaceAll(said, password, "…")
	}
	return strings.TrimRight(model.FitText(strings.Join(strings.Fields(said), " "), maxSaid), ".")
}

// failed puts the end of one question into words: a refusal, a lost connection, a
// server that sends too much, or time that is up.
func (s *session) failed(what string, err error) *directory.ReadError {
	var ours *directory.ReadError
	if errors.As(err, &ours) {
		return ours
	}
	var answer *ldap.Error
	if cause := s.guard.why(); cause != nil {
		return s.ended(what, cause)
	}
	if errors.As(err, &answer) && answer.ResultCode < ldap.ErrorNetwork {
		return s.refused(what, answer)
	}
	if errors.As(err, &answer) && answer.ResultCode == ldap.ErrorNetwork {
		return s.ended(what, err)
	}
	return &directory.ReadError{Reason: "malformed", Incomplete: s.entries > 0, Err: err,
		Detail: model.UpperFirst(what) + ": what the server sent is not as LDAP wants it.", Remedy: "Look into the server's log, and for a proxy on the way."}
}

// ended is why a connection ended in the middle of a question.
func (s *session) ended(what string, cause error) *directory.ReadError {
	e := &directory.ReadError{Incomplete: s.entries > 0, Err: cause}
	switch {
	case errors.Is(cause, errTime):
		e.Reason = "operation_time"
		e.Detail = fmt.Sprintf("%s: the server did not finish its answer within %s.", model.UpperFirst(what), model.Duration(s.reader.patience.operation))
		e.Remedy = "Look whether the server is overloaded and whether the attributes of the filters are indexed."
	case errors.Is(cause, errRunTime):
		e.Reason = "run_time"
		e.Detail = fmt.Sprintf("%s: all was not read within %s.", model.UpperFirst(what), model.Duration(s.reader.patience.run))
		e.Remedy = "Choose a narrower base or filter."
	case errors.Is(cause, errLeft):
		e.Reason, e.Detail = "stopped", model.UpperFirst(what)+": the reading was stopped."
	case errors.Is(cause, errEntrySize), errors.Is(cause, errEntryCount), errors.Is(cause, errPageSize), errors.Is(cause, errRunSize):
		e.Reason = "answer_too_large"
		e.Detail = fmt.Sprintf("%s: %s, so the answer was not taken.", model.UpperFirst(what), cause)
		e.Remedy = "Leave the entry out by a filter, or choose a narrower base."
	case errors.Is(cause, errNotLDAP):
		e.Reason, e.Detail = "malformed", model.UpperFirst(what)+": what the server sent is not LDAP."
		e.Remedy = "Check host and port. A port that wants TLS needs an ldaps:// address."
	default:
		e.Reason = "connection_lost"
		e.Detail = model.UpperFirst(what) + ": the server ended the connection."
		e.Remedy = "Check host and port: 636 wants an ldaps:// address. Otherwise the server was stopped, or a firewall cut the connection."
	}
	return e
}
