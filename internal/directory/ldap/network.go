package ldap

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"time"

	"github.com/postern-sso/postern/internal/directory"
	"github.com/postern-sso/postern/internal/directory/reach"
	"github.com/postern-sso/postern/internal/model"
)

// Certificate is a server's certificate, for an administrator to compare. It is the
// Err of a ReadError about a certificate that is not trusted.
type Certificate struct {
	SHA256    string // of the whole, lower-case hex: what LDAPSettings.Fingerprint takes
	Subject   string
	Issuer    string
	Names     []string // that it is for
	NotBefore time.Time
	NotAfter  time.Time

	cause error
}

func (c *Certificate) Error() string {
	if c.cause == nil {
		return "the certificate " + c.SHA256
	}
	return c.cause.Error()
}

func (c *Certificate) Unwrap() error { return c.cause }

// maxNames is how many names of a certificate are shown.
const maxNames = 20

func newCertificate(c *x509.Certificate, cause error) *Certificate {
	sum := sha256.Sum256(c.Raw)
	shown := func(s string) string { s, _ = text(s); return model.FitText(s, maxSaid) }
	var names []string
	for _, name := range c.DNSNames {
		names = append(names, shown(name))
	}
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	return &Certificate{SHA256: hex.EncodeToString(sum[:]), Subject: shown(c.Subject.String()), Issuer: shown(c.Issuer.String()),
		Names: names[:min(len(names), maxNames)], NotBefore: c.NotBefore, NotAfter: c.NotAfter, cause: cause}
}

// errFingerprint says that the server's certificate is another than the pinned one.
var errFingerprint = errors.New("the certificate has another fingerprint")

// unreached puts a failure to connect into words.
func (r *Reader) unreached(at target, err error) *directory.ReadError {
	e := &directory.ReadError{Err: err}
	var (
		address *reach.RefusedError
		dns     *net.DNSError
		timeout interface{ Timeout() bool }
	)
	switch {
	case errors.As(err, &address):
		e.Reason = "address_refused"
		e.Detail = fmt.Sprintf("%s leads to %s, where no directory stands: cloud machines find their credentials at such addresses.", at.host, address.Addr)
		e.Remedy = "Use the address of the directory's server."
	case errors.As(err, &dns):
		e.Reason = "name_unknown"
		e.Detail = fmt.Sprintf("The name %s cannot be found.", at.host)
		e.Remedy = "Check the spelling, and that the machine that Postern runs on can look the name up."
	case errors.Is(err, syscall.ECONNREFUSED):
		e.Reason = "refused"
		e.Detail = fmt.Sprintf("Nobody answers at %s.", at.address())
		e.Remedy = "Check host and port: ldaps:// is 636, ldap:// is 389. A firewall may refuse the connection."
	case errors.As(err, &timeout) && timeout.Timeout():
		e.Reason = "unreachable"
		e.Detail = fmt.Sprintf("%s did not answer within %s.", at.address(), model.Duration(r.patience.dial))
		e.Remedy = "Check host and port. A firewall may stand between Postern and the directory."
	default:
		e.Reason = "unreachable"
		e.Detail = fmt.Sprintf("%s could not be reached from the machine that Postern runs on.", at.address())
		e.Remedy = "Check host, port and firewall."
	}
	return e
}

// insecure puts a failure of TLS into words. Of a certificate that is not trusted
// it carries what to compare.
func (r *Reader) insecure(at target, err error) *directory.ReadError {
	var (
		untrusted *tls.CertificateVerificationError
		pinned    *Certificate
		record    tls.RecordHeaderError
		alert     tls.AlertError
		timeout   interface{ Timeout() bool }
	)
	e := &directory.ReadError{Err: err}
	switch {
	case errors.As(err, &pinned):
		e.Reason = "tls_fingerprint"
		e.Detail = fmt.Sprintf("The certificate of %s has another fingerprint than the one that was compared: %s.", at.address(), pinned.SHA256)
		e.Remedy = "If its administrator has renewed the certificate, compare the new fingerprint with theirs. Otherwise somebody stands in between."
	case errors.As(err, &untrusted) && len(untrusted.UnverifiedCertificates) > 0:
		return distrusted(at, untrusted)
	case errors.As(err, &record), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET),
		errors.Is(err, syscall.EPIPE):
		e.Reason = "tls_not_spoken"
		e.Detail = fmt.Sprintf("%s does not speak TLS: it ended the connection or answered with something else.", at.address())
		e.Remedy = "ldaps:// is on port 636. On port 389 use ldap:// with StartTLS. A server without a certificate does so, too."
	case errors.As(err, &timeout) && timeout.Timeout():
		e.Reason = "tls_not_spoken"
		e.Detail = fmt.Sprintf("%s did not begin TLS within %s.", at.address(), model.Duration(r.patience.dial))
		e.Remedy = "ldaps:// is on port 636. On port 389 use ldap:// with StartTLS."
	case errors.As(err, &alert):
		e.Reason = "tls_handshake"
		e.Detail = fmt.Sprintf("%s and Postern could not agree on TLS: %s.", at.address(), alert.Error())
		e.Remedy = "The server must offer TLS 1.2 or 1.3 and must not demand a certificate of ours."
	default:
		e.Reason = "tls_handshake"
		e.Detail = fmt.Sprintf("%s and Postern could not agree on TLS: %s.", at.address(), model.FitText(strings.TrimPrefix(err.Error(), "tls: "), maxSaid))
		e.Remedy = "The server must offer TLS 1.2 or 1.3."
	}
	return e
}

func distrusted(at target, err *tls.CertificateVerificationError) *directory.ReadError {
	leaf := err.UnverifiedCertificates[0]
	e := &directory.ReadError{Err: newCertificate(leaf, err)}
	var (
		authority x509.UnknownAuthorityError
		name      x509.HostnameError
		invalid   x509.CertificateInvalidError
	)
	switch {
	case errors.As(err.Err, &authority):
		e.Reason = "tls_untrusted"
		e.Detail = fmt.Sprintf("The certificate of %s is signed by an authority that is not trusted here.", at.address())
		e.Remedy = "Paste the certificate of the authority, or compare the fingerprint with the server's administrator and trust it."
	case errors.As(err.Err, &name):
		e.Reason = "tls_name"
		e.Detail = fmt.Sprintf("The certificate of %s is not for %s. It is for %s.", at.address(), at.host, certifiedNames(leaf))
		e.Remedy = "Use a name that is in the certificate."
	case errors.As(err.Err, &invalid) && invalid.Reason == x509.Expired && time.Now().Before(leaf.NotBefore):
		e.Reason = "tls_not_yet"
		e.Detail = fmt.Sprintf("The certificate of %s is valid from %s on only.", at.address(), model.Day(leaf.NotBefore))
		e.Remedy = "Check the clock of this machine."
	case errors.As(err.Err, &invalid) && invalid.Reason == x509.Expired && time.Now().After(leaf.NotAfter):
		e.Reason = "tls_expired"
		e.Detail = fmt.Sprintf("The certificate of %s has ended on %s.", at.address(), model.Day(leaf.NotAfter))
		e.Remedy = "Have the server's certificate renewed."
	default:
		e.Reason = "tls_untrusted"
		e.Detail = fmt.Sprintf("The certificate of %s is not trusted: %s.", at.address(), model.FitText(strings.TrimPrefix(err.Err.Error(), "x509: "), maxSaid))
		e.Remedy = "Have the server's certificate renewed, or compare the fingerprint with the server's administrator and trust it."
	}
	return e
}

func certifiedNames(c *x509.Certificate) string {
	names := newCertificate(c, nil).Names
	if len(names) == 0 {
		return "no name at all: names in the subject alone do not count"
	}
	return strings.Join(names, ", ")
}
