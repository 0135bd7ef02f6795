package warnings_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/web/warnings"
	"github.com/postern-sso/postern/web/webtest"
)

// mailbox is a mail server that keeps what it gets. It wants STARTTLS and a
// password.
type mailbox struct {
	mu      sync.Mutex
	mails   []string
	refuse  string // what it refuses with; empty: it takes what comes
	noAuth  bool   // it takes no password
	address string
	tls     *tls.Config // whom to believe
}

type mailSession struct {
	box *mailbox
	to  []string
	in  bool
}

func (b *mailbox) NewSession(*smtp.Conn) (smtp.Session, error) {
	if b.noAuth {
		return struct{ smtp.Session }{&mailSession{box: b}}, nil
	}
	return &mailSession{box: b}, nil
}

func (s *mailSession) Reset() {}

func (s *mailSession) Logout() error { return nil }

func (s *mailSession) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *mailSession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if s.in = user == "postern" && password == "nine lives"; !s.in {
			return &smtp.SMTPError{Code: 535, Message: "wrong password"}
		}
		return nil
	}), nil
}

func (s *mailSession) Mail(string, *smtp.MailOptions) error {
	if !s.in {
		return smtp.ErrAuthRequired
	}
	return nil
}

func (s *mailSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = append(s.to, to)
	return nil
}

func (s *mailSession) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	s.box.mu.Lock()
	defer s.box.mu.Unlock()
	if s.box.refuse != "" {
		return &smtp.SMTPError{Code: 452, Message: s.box.refuse}
	}
	s.box.mails = append(s.box.mails, strings.Join(s.to, " ")+"\n"+string(text))
	return err
}

func (b *mailbox) got() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.mails)
}

func newMailbox(t *testing.T) *mailbox {
	t.Helper()
	b := &mailbox{}
	certificate := httptest.NewTLSServer(nil) // for its certificate
	t.Cleanup(certificate.Close)
	server := smtp.NewServer(b)
	server.TLSConfig = certificate.TLS
	transport, ok := certificate.Client().Transport.(*http.Transport)
	if !ok {
		t.Fatal("no transport")
	}
	b.tls = &tls.Config{RootCAs: transport.TLSClientConfig.RootCAs, ServerName: "example.com", MinVersion: tls.VersionTLS12}
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b.address = l.Addr().String()
	go func() { _ = server.Serve(l) }() // ends with the test
	t.Cleanup(func() { _ = server.Close() })
	return b
}

func (b *mailbox) form() url.Values {
	host, port, _ := net.SplitHostPort(b.address)
	return url.Values{"smtp_host": {host}, "smtp_port": {port}, "smtp_tls": {"starttls"}, "smtp_user": {"postern"}, "smtp_password": {"nine lives"},
		"mail_from": {"postern@example.com"}, "mail_to": {"it@example.com, Night Shift <night@example.com>"}}
}

func TestCertificatesAreAnnouncedByMail(t *testing.T) {
	t.Parallel()
	x := webtest.NewRotating(t)
	box := newMailbox(t)
	x.Opts.MailTLS = box.tls
	x.Post("/settings/warnings/mail", box.form()).Want(t, http.StatusSeeOther)
	if page := x.Get("/settings/warnings"); strings.Contains(page.Body, "nine lives") {
		t.Error("the page shows the password")
	}
	end := time.Now().AddDate(5, 0, 0)
	for _, step := range []struct {
		days  int
		mails int
	}{{100, 0}, {89, 1}, {60, 1}, {29, 2}, {8, 2}, {6, 3}, {3, 3}, {-1, 4}, {-20, 4}} {
		x.Now = end.AddDate(0, 0, -step.days)
		x.Warn(0)
		x.Warn(time.Minute)
		if n := len(box.got()); n != step.mails {
			t.Fatalf("%d days before the end %d mails were sent, want %d:\n%s", step.days, n, step.mails, strings.Join(box.got(), "\n----\n"))
		}
	}
	first := box.got()[0]
	for _, want := range []string{"it@example.com night@example.com", "Subject: AWS's certificate for aws ends in", "Auto-Submitted: auto-generated",
		"/connections/aws/certificates"} {
		if !strings.Contains(first, want) {
			t.Errorf("the mail lacks %q:\n%s", want, first)
		}
	}
}

func TestMailThatFailsIsTriedAgain(t *testing.T) {
	t.Parallel()
	x := webtest.NewRotating(t)
	box := newMailbox(t)
	x.Opts.MailTLS = box.tls
	x.Post("/settings/warnings/mail", box.form()).Want(t, http.StatusSeeOther)
	x.Post("/settings/warnings/mail/test", nil).Want(t, http.StatusSeeOther)
	if n := len(box.got()); n != 1 {
		t.Errorf("the test sent %d mails", n)
	}
	box.refuse = "the mailbox is full"
	if res := x.Post("/settings/warnings/mail/test", nil); res.Status != http.StatusUnprocessableEntity || !strings.Contains(res.Text(), "the mailbox is full") {
		t.Errorf("a refused test: %d %s", res.Status, res.Text())
	}
	x.Now = time.Now().AddDate(5, 0, -20)
	x.SignInAgain()
	x.Warn(0)
	if text := x.Get("/settings/warnings").Text(); !strings.Contains(text, "could not be delivered") || !strings.Contains(text, "the mailbox is full") {
		t.Errorf("the page does not say that it failed: %s", text)
	}
	box.refuse = ""
	if x.Warn(30 * time.Second); len(box.got()) != 1 {
		t.Error("tried again after half a minute")
	}
	if x.Warn(time.Minute); len(box.got()) != 2 {
		t.Errorf("%d mails after it was tried again", len(box.got()))
	}
	wrong := box.form()
	wrong.Set("smtp_password", "guess")
	x.Post("/settings/warnings/mail", wrong).Want(t, http.StatusSeeOther)
	if res := x.Post("/settings/warnings/mail/test", nil); res.Status != http.StatusUnprocessableEntity || strings.Contains(res.Text(), "guess") ||
		!strings.Contains(res.Text(), "did not accept the user name and the password") {
		t.Errorf("with a wrong password: %d %s", res.Status, res.Text())
	}
}

func TestWhatIsWrongWithAMailServer(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleOwner)
	good := url.Values{"smtp_host": {"smtp.example.com"}, "smtp_port": {"587"}, "smtp_tls": {"starttls"}, "smtp_user": {"u"}, "smtp_password": {"p"},
		"mail_from": {"a@example.com"}, "mail_to": {"b@example.com"}}
	for field, bad := range map[string]string{"smtp_host": "https://smtp.example.com", "smtp_port": "no", "smtp_tls": "none", "smtp_password": "",
		"mail_from": "nobody\r\nBcc: x@example.com", "mail_to": ""} {
		form := url.Values{}
		for k, v := range good {
			form[k] = v
		}
		form.Set(field, bad)
		if res := s.Post("/settings/warnings/mail", form); res.Status != http.StatusUnprocessableEntity || res.Value("mail_to") != form.Get("mail_to") {
			t.Errorf("%s %q: %d", field, bad, res.Status)
		}
	}
}

func TestWebhookIsSignedAndToldOnce(t *testing.T) {
	t.Parallel()
	x := webtest.NewRotating(t)
	var calls []*http.Request
	var bodies []string
	answer := http.StatusNoContent
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		calls, bodies = append(calls, r), append(bodies, string(body))
		w.WriteHeader(answer)
	}))
	t.Cleanup(hook.Close)
	res := x.Post("/settings/warnings/webhook", url.Values{"webhook_url": {hook.URL}})
	secret := res.Doc.Find("[aria-label='Copy Key of the signature']").AttrOr("data-copy", "")
	if res.Status != http.StatusOK || len(secret) < 50 {
		t.Fatalf("saved with %d, key %q", res.Status, secret)
	}
	x.Refresh(0)
	x.Serve(webtest.Keys().AwsCert, webtest.Keys().AttackerCert)
	x.Refresh(25 * time.Hour)
	x.Warn(0)
	x.Warn(time.Hour)
	if len(calls) != 1 || !strings.Contains(bodies[0], "certificate_offered/aws/") {
		t.Fatalf("%d calls: %v", len(calls), bodies)
	}
	header := calls[0].Header.Get("Postern-Signature")
	at, sum, found := strings.Cut(strings.TrimPrefix(header, "t="), ",v1=")
	mac := hmac.New(sha256.New, []byte(secret))
	_, _ = mac.Write([]byte(at + "." + bodies[0])) // a hash never fails
	if _, err := strconv.ParseInt(at, 10, 64); err != nil || !found || sum != hex.EncodeToString(mac.Sum(nil)) {
		t.Errorf("signed as %q", header)
	}
	x.SignInAgain()
	answer = http.StatusTeapot
	if res := x.Post("/settings/warnings/webhook/test", nil); res.Status != http.StatusUnprocessableEntity || !strings.Contains(res.Text(), "418") {
		t.Errorf("a refused test: %d %s", res.Status, res.Text())
	}
	for _, address := range []string{"http://hooks.example.com/", "https://user:pw@hooks.example.com/", "file:///etc/passwd", "hooks"} {
		if res := x.Post("/settings/warnings/webhook", url.Values{"webhook_url": {address}}); res.Status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d", address, res.Status)
		}
	}
}

func TestCalendarOfCertificates(t *testing.T) {
	t.Parallel()
	x := webtest.NewRotating(t)
	address := func() string {
		x.Post("/settings/warnings/calendar", nil).Want(t, http.StatusSeeOther)
		link := x.Get("/settings/warnings").Doc.Find("[aria-label='Copy Calendar address']").AttrOr("data-copy", "")
		return strings.TrimPrefix(link, x.URL)
	}
	first := address()
	x.Client = x.Browser() // no session
	res := x.Get(first).Want(t, http.StatusOK)
	for _, want := range []string{"BEGIN:VCALENDAR\r\n", "SUMMARY:AWS's certificate for aws ends\r\n", "TRIGGER:-P90D\r\n",
		"TRIGGER:-P7D\r\n", "END:VCALENDAR\r\n"} {
		if !strings.Contains(res.Body, want) {
			t.Errorf("the calendar lacks %q:\n%s", want, res.Body)
		}
	}
	for line := range strings.SplitSeq(res.Body, "\r\n") {
		if len(line) > warnings.FoldAt {
			t.Errorf("a line of %d bytes: %s", len(line), line)
		}
	}
	for _, path := range []string{"/calendar/x.ics", "/calendar/.ics", strings.TrimSuffix(first, ".ics")} {
		if res := x.Get(path); res.Status != http.StatusNotFound {
			t.Errorf("%s answers %d", path, res.Status)
		}
	}
	x.SignInAgain()
	if second := address(); second == first {
		t.Error("the address was not renewed")
	}
	if res := x.Get(first); res.Status != http.StatusNotFound {
		t.Errorf("the old address answers %d", res.Status)
	}
}
