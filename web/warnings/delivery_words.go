package warnings

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"strconv"
	"strings"
	"unicode"

	"github.com/wneessen/go-mail"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/web/outgoing"
)

// maxAnswer is how many characters of a mail server's answer are shown.
const maxAnswer = 100

// deliveryProblem says in a sentence why a notice did not arrive, for the page
// and for later. What the other side wrote is anybody's text: of a mail server
// the beginning of its answer is quoted, of a webhook nothing.
func deliveryProblem(to model.Warnings, channel string, err error) string {
	var ours *outgoing.Error
	if errors.As(err, &ours) {
		return ours.Text
	}
	if channel != model.ChannelMail {
		return "The webhook could not be called. The log says why."
	}
	var (
		dns     *net.DNSError
		timeout interface{ Timeout() bool }
		cert    *tls.CertificateVerificationError
	)
	answer := mailAnswer(err)
	switch {
	case answer != "":
		return fmt.Sprintf("%s did not take the mail. It answered “%s”.", to.SMTPHost, answer)
	case errors.As(err, &dns):
		return fmt.Sprintf("The name %s cannot be found. Check the spelling.", to.SMTPHost)
	case errors.As(err, &cert):
		return fmt.Sprintf("The certificate of %s is not trusted here, so the password could go to anybody.", to.SMTPHost)
	case errors.As(err, &timeout) && timeout.Timeout():
		return fmt.Sprintf("%s did not answer in time. Check the port; a firewall may stand in the way.", to.SMTPHost)
	default:
		return fmt.Sprintf("%s could not be reached at port %d, or does not offer the protection that is chosen.", to.SMTPHost, to.SMTPPort)
	}
}

// mailAnswer is what a mail server said no with: its code, and the beginning of
// its words. Empty when it said nothing.
func mailAnswer(err error) string {
	var protocol *textproto.Error
	if errors.As(err, &protocol) {
		return plainLine(protocol.Error(), maxAnswer)
	}
	var send *mail.SendError // keeps the server's words only within its own
	if !errors.As(err, &send) || send.ErrorCode() == 0 {
		return ""
	}
	code := strconv.Itoa(send.ErrorCode())
	if _, words, found := strings.Cut(send.Error(), code); found {
		code += words
	}
	return plainLine(code, maxAnswer)
}

// plainLine is a foreign text as one line of so many characters that show.
func plainLine(text string, most int) string {
	text = strings.Map(func(c rune) rune {
		switch {
		case unicode.IsSpace(c):
			return ' '
		case unicode.IsGraphic(c) && c != unicode.ReplacementChar:
			return c
		default:
			return -1
		}
	}, text)
	line := []rune(strings.Join(strings.Fields(text), " "))
	if len(line) > most {
		return string(line[:most]) + "…"
	}
	return string(line)
}
