package warnings

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"

	"github.com/postern-sso/postern/web/outgoing"
)

const webhookForm = "A webhook must begin with https://, without a user name or password."

// webhookProblem puts into words why a webhook could not be called. The error that
// comes out is an *outgoing.Error without the address, which may hold a secret.
func webhookProblem(host string, err error) error {
	var whole *url.Error
	if errors.As(err, &whole) {
		err = whole.Err
	}
	return &outgoing.Error{Text: webhookWords(host, err), Cause: err}
}

func webhookWords(host string, err error) string {
	var (
		ours    *outgoing.Error
		dns     *net.DNSError
		timeout interface{ Timeout() bool }
		cert    *tls.CertificateVerificationError
		op      *net.OpError
	)
	switch {
	case errors.As(err, &ours) && ours.Private:
		return fmt.Sprintf("%s is %s, an address inside a network. If it is yours, tick “The address is inside our network” and save.", host, ours.Addr)
	case errors.As(err, &ours) && ours.Addr.IsValid():
		return fmt.Sprintf("%s is %s, which is not on the public internet. Postern calls no webhook there, whatever is ticked.", host, ours.Addr)
	case errors.As(err, &dns):
		return fmt.Sprintf("The name %s cannot be found. Check the spelling.", host)
	case errors.As(err, &cert):
		return fmt.Sprintf("The certificate of %s is not trusted here, so the notice could go to anybody.", host)
	case errors.As(err, &timeout) && timeout.Timeout() && errors.As(err, &op) && op.Op == "dial":
		return fmt.Sprintf("%s could not be reached within %d seconds. A firewall may stand in the way.", host, int(outgoing.FetchPatience/time.Second))
	case errors.As(err, &timeout) && timeout.Timeout() && strings.Contains(err.Error(), "TLS handshake"):
		return fmt.Sprintf("%s did not begin TLS within %d seconds. Check the port in the address.", host, int(outgoing.FetchPatience/time.Second))
	case errors.As(err, &timeout) && timeout.Timeout():
		return fmt.Sprintf("%s is too slow: it had not answered within %d seconds. It must answer first and do its work afterwards.", host,
			int(deliveryPatience/time.Second))
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Sprintf("Nothing listens at this address of %s. Check the port, and that the receiver runs.", host)
	case strings.Contains(err.Error(), "HTTP response to HTTPS client"):
		return fmt.Sprintf("%s speaks plain http at this port, and a webhook is called by https only. Check the port in the address.", host)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET):
		return fmt.Sprintf("%s closed the connection without an answer.", host)
	default:
		return fmt.Sprintf("Calling %s failed. The log says why.", host)
	}
}

// webhookAnswered judges a webhook's answer by its status.
func webhookAnswered(host string, status int) error {
	if status >= 200 && status <= 299 {
		return nil
	}
	what := "Look at what it wrote into its own log."
	switch {
	case status >= 300 && status <= 399:
		what = "That leads elsewhere, and a notice goes to one address only: type the one that it leads to."
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		what = "It does not let Postern in. Check the secret in the address, or what it checks of the signature."
	case status == http.StatusNotFound, status == http.StatusGone:
		what = "There is no webhook at this address, or none any more. Copy the address once more."
	case status == http.StatusMethodNotAllowed:
		what = "It takes no POST at this address. Copy the address once more."
	case status == http.StatusTooManyRequests:
		what = "It gets too many calls."
	case status >= 500:
		what = "The failure is on its side."
	}
	return &outgoing.Error{Text: fmt.Sprintf("%s answered with status %d. %s", host, status, what)}
}
