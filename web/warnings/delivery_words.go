package warnings

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unicode"

	"github.com/wneessen/go-mail"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/web/outgoing"
)

// maxAnswer is how many characters of a mail server's answer are shown.
const maxAnswer = 100

// deliveryProblem says in a sentence or two why a notice did not arrive, for the page
// and for later. What the other side wrote is anybody's text: of a mail server
// the beginning of its answer is quoted, once; of a webhook nothing.
func deliveryProblem(to model.Warnings, channel string, err error) string {
	var ours *outgoing.Error
	switch {
	case errors.As(err, &ours):
		return ours.Text
	case channel != model.ChannelMail:
		return "The webhook could not be called. The log says why."
	}
	if answer := mailAnswer(err); answer != "" {
		return mailRefused(to, answer)
	}
	return mailUnanswered(to, err)
}

// mailRefused says what a mail server refused.
func mailRefused(to model.Warnings, answer string) string {
	code, _, _ := strings.Cut(answer, " ")
	switch {
	case slices.Contains([]string{"534", "535", "538"}, code): // RFC 4954, section 6
		return fmt.Sprintf("%s did not accept the user name and the password. It answered “%s”.", to.SMTPHost, answer)
	case code == "530" && to.SMTPUser == "":
		return fmt.Sprintf("%s wants more before it takes mail, and no user name is typed here. It answered “%s”.", to.SMTPHost, answer)
	default:
		return fmt.Sprintf("%s did not take the mail. It answered “%s”.", to.SMTPHost, answer)
	}
}

// mailUnanswered says what stood in the way where the server did not say it.
func mailUnanswered(to model.Warnings, err error) string {
	var (
		dns     *net.DNSError
		timeout interface{ Timeout() bool }
		cert    *tls.CertificateVerificationError
		header  tls.RecordHeaderError
		words   = err.Error() // the mail library has no errors of its own for some
	)
	host, port := to.SMTPHost, to.SMTPPort
	switch {
	case errors.As(err, &dns):
		return fmt.Sprintf("The name %s cannot be found. Check the spelling.", host)
	case errors.As(err, &cert):
		return fmt.Sprintf("The certificate of %s is not trusted here, so the password could go to anybody.", host)
	case errors.As(err, &timeout) && timeout.Timeout():
		return mailLate(to, err)
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Sprintf("Nothing listens at port %d of %s. Check the port, and that the mail server runs.", port, host)
	case errors.As(err, &header) && to.SMTPTLS == model.MailTLS:
		return fmt.Sprintf("Port %d of %s does not begin with TLS. Choose STARTTLS, or the port for TLS from the start, often 465.", port, host)
	case strings.Contains(words, "does not support STARTTLS"):
		return fmt.Sprintf("%s does not offer STARTTLS at port %d. Choose another port, or TLS from the start where it has that.", host, port)
	case strings.Contains(words, "does not support SMTP AUTH"):
		return fmt.Sprintf("%s takes no user name and password at port %d. Leave them empty, or use the port for signing in, often 587.", host, port)
	case errors.Is(err, mail.ErrNoSupportedAuthDiscovered):
		return fmt.Sprintf("%s offers no way of signing in that Postern knows.", host)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return fmt.Sprintf("%s closed the connection at port %d without a word. It may not take mail from this machine, or speak TLS otherwise than is chosen.",
			host, port)
	default:
		return fmt.Sprintf("Handing the mail to %s at port %d failed. The log says why.", host, port)
	}
}

// mailLate says that the time was over: before there was a connection, or after.
func mailLate(to model.Warnings, err error) string {
	seconds := int(deliveryPatience / time.Second)
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "dial" {
		return fmt.Sprintf("Port %d of %s did not answer within %d seconds. Check the port; a firewall may stand in the way.", to.SMTPPort, to.SMTPHost, seconds)
	}
	more := ""
	if to.SMTPTLS != model.MailTLS {
		more = " It may speak TLS from the start: then choose that."
	}
	return fmt.Sprintf("%s had not taken the mail at port %d after %d seconds.%s", to.SMTPHost, to.SMTPPort, seconds, more)
}

// mailAnswer is what a mail server said no with: its code, and the beginning of
// its words. Empty when it said nothing.
func mailAnswer(err error) string {
	var protocol *textproto.Error
	if errors.As(err, &protocol) {
		return plainLine(strconv.Itoa(protocol.Code)+" "+protocol.Msg, maxAnswer)
	}
	var send *mail.SendError // keeps the server's words only within its own
	if !errors.As(err, &send) || send.ErrorCode() == 0 {
		return ""
	}
	code := strconv.Itoa(send.ErrorCode())
	_, words, _ := strings.Cut(send.Error(), code)
	words = strings.TrimSpace(words)
	if quoted, err := strconv.QuotedPrefix(words); err == nil { // what follows is of another receiver, or the library's own
		words, _ = strconv.Unquote(quoted)
	}
	return plainLine(code+" "+words, maxAnswer)
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
