package warnings_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/web/outgoing"
	"github.com/postern-sso/postern/web/warnings"
	"github.com/postern-sso/postern/web/webtest"
)

// lineServer is a server on this machine that greets, and answers each line by its
// first word; what has no answer closes the connection.
func lineServer(t *testing.T, greeting string, answers map[string]string) (port string) {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return // the test has ended
			}
			go talk(c, greeting, answers)
		}
	}()
	_, port, _ = net.SplitHostPort(l.Addr().String())
	return port
}

func talk(c net.Conn, greeting string, answers map[string]string) {
	defer func() { _ = c.Close() }()
	if greeting == "" {
		return
	}
	fmt.Fprintf(c, "%s\r\n", greeting)
	lines := bufio.NewScanner(c)
	for lines.Scan() {
		word, _, _ := strings.Cut(lines.Text(), " ")
		answer, ok := answers[word]
		if !ok {
			return
		}
		fmt.Fprintf(c, "%s\r\n", answer)
	}
}

// Each way in which mail does not arrive has a sentence of its own, and what the
// server answered stands there once.
func TestMailFailuresAreToldApart(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleOwner)
	box := newMailbox(t)
	s.Opts.MailTLS = box.tls
	_, boxPort, _ := net.SplitHostPort(box.address)
	without := newMailbox(t)
	without.noAuth = true
	_, withoutPort, _ := net.SplitHostPort(without.address)
	const hello = "220 mail.example.com"
	plain := map[string]string{"EHLO": "250 mail.example.com", "QUIT": "221 bye", "NOOP": "250 ok", "RSET": "250 ok"}
	with := func(more map[string]string) map[string]string {
		all := map[string]string{}
		for k, v := range plain {
			all[k] = v
		}
		for k, v := range more {
			all[k] = v
		}
		return all
	}
	var lc net.ListenConfig
	closed, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, closedPort, _ := net.SplitHostPort(closed.Addr().String())
	_ = closed.Close()
	for name, c := range map[string]struct{ port, protection, user, password, want string }{
		"closed port":       {closedPort, "starttls", "", "", "Nothing listens at port " + closedPort},
		"dropped":           {lineServer(t, "", nil), "starttls", "", "", "closed the connection"},
		"dropped later":     {lineServer(t, hello, nil), "none", "", "", "closed the connection"},
		"no STARTTLS":       {lineServer(t, hello, plain), "starttls", "", "", "does not offer STARTTLS"},
		"TLS against plain": {lineServer(t, hello, plain), "tls", "", "", "does not begin with TLS"},
		"wrong password":    {boxPort, "starttls", "postern", "guess", "did not accept the user name and the password"},
		"no signing in":     {withoutPort, "starttls", "postern", "nine lives", "takes no user name and password"},
		"wants a user":      {boxPort, "starttls", "", "", "did not take the mail"},
		"refused":           {lineServer(t, hello, with(map[string]string{"MAIL": "550 5.7.1 not from you"})), "none", "", "", "“550 5.7.1 not from you”"},
		"refused receivers": {lineServer(t, hello, with(map[string]string{"MAIL": "250 ok", "RCPT": "550 no such user"})), "none", "", "", "“550 no such user”"},
		"busy":              {lineServer(t, "421 too busy", plain), "none", "", "", "“421 too busy”"},
	} {
		form := url.Values{"smtp_host": {"127.0.0.1"}, "smtp_port": {c.port}, "smtp_tls": {c.protection}, "smtp_user": {c.user}, "smtp_password": {c.password},
			"mail_from": {"postern@example.com"}, "mail_to": {"a@example.com, b@example.com"}}
		s.Post("/settings/warnings/mail", form).Want(t, http.StatusSeeOther)
		res := s.Post("/settings/warnings/mail/test", nil).Want(t, http.StatusUnprocessableEntity)
		text := strings.Join(strings.Fields(res.Doc.Find("main").Text()), " ")
		if !strings.Contains(text, c.want) || strings.Count(text, "It answered") > 1 || strings.Contains(text, "affected") {
			t.Errorf("%s: %q is not in %s", name, c.want, text)
		}
		if c.password != "" && strings.Contains(text, c.password) {
			t.Errorf("%s: the page shows the password", name)
		}
	}
}

// A server that speaks TLS from the start waits for the other side, as does one that
// is to greet: when the time is over, that is said.
func TestMailServerThatWaitsForTLS(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.SetReadDeadline(time.Now().Add(20 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	_, err = c.Read(make([]byte, 1))
	for protection, want := range map[string]bool{model.MailStartTLS: true, model.MailPlain: true, model.MailTLS: false} {
		to := model.Warnings{SMTPHost: "mail.example.com", SMTPPort: 465, SMTPTLS: protection}
		said := warnings.DeliveryProblem(to, model.ChannelMail, err)
		if strings.Contains(said, "speak TLS from the start") != want || !strings.Contains(said, "at port 465 after 20 seconds") {
			t.Errorf("%s: %s", protection, said)
		}
	}
}

// A webhook's failures are told in its own words.
func TestWebhookFailuresAreToldApart(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	t.Cleanup(func() { close(release); slow.Close() })
	untrusted := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(untrusted.Close)
	plain := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(plain.Close)
	short, cancel := context.WithDeadline(t.Context(), time.Now().Add(50*time.Millisecond))
	t.Cleanup(cancel)
	for name, c := range map[string]struct {
		ctx      context.Context
		loopback bool
		address  string
		want     string
	}{
		"private network": {t.Context(), false, "https://10.0.0.7/", "tick “The address is inside our network”"},
		"cloud machine":   {t.Context(), false, "https://169.254.169.254/", "whatever is ticked"},
		"this machine":    {t.Context(), false, "https://127.0.0.1/", "whatever is ticked"},
		"AWS's by IPv6":   {t.Context(), false, "https://[fd00:ec2::254]/", "whatever is ticked"},
		"certificate":     {t.Context(), true, untrusted.URL, "is not trusted here"},
		"plain":           {t.Context(), true, "https" + strings.TrimPrefix(plain.URL, "http"), "speaks plain http"},
		"closed":          {t.Context(), true, "https://127.0.0.1:" + lineServer(t, "", nil), "closed the connection"},
		"slow":            {short, true, slow.URL, "is too slow: it had not answered within 20 seconds"},
	} {
		req, err := http.NewRequestWithContext(c.ctx, http.MethodPost, c.address, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		res, err := outgoing.NewFetcher(c.loopback).Client().Do(req)
		if err == nil {
			_ = res.Body.Close()
			t.Errorf("%s: it answered", name)
			continue
		}
		var said *outgoing.Error
		if err := warnings.WebhookProblem(req.URL.Hostname(), err); !errors.As(err, &said) || !strings.Contains(said.Text, c.want) ||
			strings.Contains(strings.ToLower(said.Text), "metadata") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for status, want := range map[int]string{302: "leads elsewhere", 401: "does not let Postern in", 403: "does not let Postern in",
		404: "no webhook at this address", 405: "takes no POST", 410: "none any more", 418: "its own log", 429: "too many calls",
		500: "on its side", 503: "on its side"} {
		if err := warnings.WebhookAnswered("hooks.example.com", status); err == nil || !strings.Contains(err.Error(), want) ||
			!strings.Contains(err.Error(), fmt.Sprint(status)) {
			t.Errorf("%d: %v", status, err)
		}
	}
	if err := warnings.WebhookAnswered("hooks.example.com", http.StatusAccepted); err != nil {
		t.Error(err)
	}
}
