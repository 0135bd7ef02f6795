package ldap

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"

	"github.com/postern-sso/postern/internal/directory"
	"github.com/postern-sso/postern/internal/directory/reach"
	"github.com/postern-sso/postern/internal/model"
)

// How long a server is waited for.
const (
	dialPatience      = 10 * time.Second
	operationPatience = 60 * time.Second
	runPatience       = 30 * time.Minute
	loginPatience     = 2 * time.Second
)

// Why a question was given up.
var (
	errTime    = errors.New("the server took too long for one answer")
	errRunTime = errors.New("the run took too long")
	errLeft    = errors.New("the reading was stopped")
)

type patience struct{ dial, operation, run, login time.Duration }

// Reader reads one LDAP source.
type Reader struct {
	settings model.LDAPSettings
	password string
	patience patience
	largest  int64 // bytes of one answer
	now      func() time.Time
}

// New makes a reader. Settings that cannot work come back as a *directory.ReadError.
func New(settings model.LDAPSettings, password string) (*Reader, error) {
	if err := Check(settings); err != nil {
		return nil, err
	}
	return &Reader{settings: settings, password: password, largest: maxPage, now: time.Now,
		patience: patience{dialPatience, operationPatience, runPatience, loginPatience}}, nil
}

// session is one connection to one server.
type session struct {
	reader  *Reader
	at      target
	raw     net.Conn
	tls     *tls.ConnectionState // nil: not encrypted
	guard   *guard
	conn    *ldap.Conn
	root    entry
	layout  layout
	entries int // that came
	remarks []string
}

// remark keeps a sentence, once.
func (s *session) remark(sentence string) {
	if !slices.Contains(s.remarks, sentence) {
		s.remarks = append(s.remarks, sentence)
	}
}

func (s *session) close() {
	switch {
	case s.guard != nil:
		s.guard.end(errLeft)
		_ = s.conn.Close() // closed already
	case s.raw != nil:
		_ = s.raw.Close() // nothing was written
	}
}

// open connects to the first of the servers that answers and signs in there. A wrong
// password is not tried at the next, where it would be counted as well.
func (r *Reader) open(ctx context.Context) (*session, error) {
	if err := r.ready(); err != nil {
		return nil, err
	}
	var failures []*directory.ReadError
	for _, address := range r.settings.URLs {
		s, err := r.openAt(ctx, address)
		if err == nil {
			for _, f := range failures {
				s.remark("Another server was asked first: " + f.Detail)
			}
			return s, nil
		}
		var failure *directory.ReadError
		if !errors.As(err, &failure) || !passing(failure.Reason) || ctx.Err() != nil {
			return nil, err
		}
		failures = append(failures, failure)
	}
	first := *failures[0]
	for _, f := range failures[1:] {
		first.Detail += " " + f.Detail
	}
	return nil, &first
}

// ready refuses before anybody is asked. An empty password would count as anonymous,
// with success: RFC 4513, section 5.1.2.
func (r *Reader) ready() error {
	switch {
	case strings.TrimSpace(r.settings.BindDN) == "":
		return refuse("account", "There is no account to sign in to the directory with.")
	case r.password == "":
		return refuse("password", "There is no password for the account. Servers take an empty one for an anonymous visitor.")
	}
	return nil
}

// passing are failures of one server that another may not have.
func passing(reason string) bool {
	return strings.HasPrefix(reason, "tls_") || slices.Contains([]string{"unreachable", "refused", "name_unknown", "address_refused", "busy", "unavailable",
		"connection_lost", "operation_time"}, reason)
}

func (r *Reader) openAt(ctx context.Context, address string) (s *session, err error) {
	at, err := parseTarget(address)
	if err != nil {
		return nil, err
	}
	s = &session{reader: r, at: at}
	for _, step := range []func(context.Context) error{s.reach, s.secure, s.bind, s.know} {
		if err := step(ctx); err != nil {
			s.close()
			return nil, err
		}
	}
	return s, nil
}

// reach opens the connection. No proxy of the environment is used: the judgement of
// the address would be about the proxy.
func (s *session) reach(ctx context.Context) error {
	dialer := net.Dialer{Timeout: s.reader.patience.dial, Control: reach.JudgeDial}
	conn, err := dialer.DialContext(ctx, "tcp", s.at.address())
	if err != nil {
		if ctx.Err() != nil {
			return s.ended("connecting", left(ctx))
		}
		return s.reader.unreached(s.at, err)
	}
	s.raw = conn
	return nil
}

// secure begins TLS, unless an administrator chose to do without. Then LDAP is
// spoken over the connection.
func (s *session) secure(ctx context.Context) error {
	conn := s.raw
	if s.at.secure || s.reader.settings.StartTLS {
		secured, err := s.encrypt(ctx)
		if err != nil && ctx.Err() != nil {
			return s.ended("beginning TLS", left(ctx))
		}
		if err != nil {
			return err
		}
		conn = secured
	} else if !s.reader.settings.AllowPlain {
		return refuse("plain", "The connection would not be encrypted.")
	}
	s.guard = newGuard(conn, s.reader.largest)
	s.conn = ldap.NewConn(s.guard, s.tls != nil)
	s.conn.Start()
	return nil
}

func (s *session) encrypt(ctx context.Context) (net.Conn, error) {
	config, err := s.reader.tlsConfig(s.at.host)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, s.reader.patience.dial)
	defer cancel()
	if !s.at.secure {
		stop := context.AfterFunc(ctx, func() { _ = s.raw.SetDeadline(time.Unix(1, 0)) }) // ends what waits
		err := s.startTLS()
		if err != nil {
			return nil, err
		}
		if !stop() {
			return nil, s.reader.insecure(s.at, os.ErrDeadlineExceeded)
		}
	}
	secured := tls.Client(s.raw, config)
	if err := secured.HandshakeContext(ctx); err != nil {
		return nil, s.reader.insecure(s.at, err)
	}
	state := secured.ConnectionState()
	s.tls = &state
	s.remarkPinned()
	return secured, nil
}

// remarkPinned says what a fingerprint makes unimportant.
func (s *session) remarkPinned() {
	if leaf := s.tls.PeerCertificates[0]; s.reader.settings.Fingerprint != "" && s.reader.now().After(leaf.NotAfter) {
		s.remark(fmt.Sprintf("The server's certificate has ended on %s. It is trusted by its fingerprint.", model.Day(leaf.NotAfter)))
	}
}

// startTLS asks for encryption in the clear. go-ldap could, but loses why a
// handshake failed, and what the certificate was. Source: RFC 4511, section 4.14.
func (s *session) startTLS() error {
	packet := ber.Encode(ber.ClassUniversal, ber.TypeConstructed, ber.TagSequence, nil, "")
	packet.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, 1, ""))
	request := ber.Encode(ber.ClassApplication, ber.TypeConstructed, ldap.ApplicationExtendedRequest, nil, "")
	request.AppendChild(ber.NewString(ber.ClassContext, ber.TypePrimitive, 0, "1.3.6.1.4.1.1466.20037", ""))
	packet.AppendChild(request)
	if _, err := s.raw.Write(packet.Bytes()); err != nil {
		return s.reader.insecure(s.at, err)
	}
	// Nothing behind the answer is read here, so that nobody on the way can add to what is said encrypted.
	answer, err := ber.ReadPacket(io.LimitReader(s.raw, 64<<10))
	if err != nil {
		return s.reader.insecure(s.at, err)
	}
	var refusal *ldap.Error
	if err := ldap.GetLDAPError(answer); errors.As(err, &refusal) {
		return s.refused("asking for StartTLS", refusal)
	} else if err != nil {
		return s.reader.insecure(s.at, err)
	}
	return nil
}

func (r *Reader) tlsConfig(host string) (*tls.Config, error) {
	roots, err := authorities(r.settings.CA)
	if err != nil {
		return nil, err
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: host, RootCAs: roots}
	if pinned := strings.ToLower(r.settings.Fingerprint); pinned != "" {
		config.InsecureSkipVerify = true // an administrator compared this very certificate, and no other is accepted
		config.VerifyConnection = func(state tls.ConnectionState) error {
			if c := newCertificate(state.PeerCertificates[0], errFingerprint); c.SHA256 != pinned {
				return c
			}
			return nil
		}
	}
	return config, nil
}

// bind signs in. The control of password policies brings the reason of a refusal:
// draft-behera-ldap-password-policy-10.
func (s *session) bind(ctx context.Context) error {
	policy := []ldap.Control{ldap.NewControlBeheraPasswordPolicy()}
	var result *ldap.SimpleBindResult
	err := s.operate(ctx, func() (err error) {
		result, err = s.conn.SimpleBind(ldap.NewSimpleBindRequest(s.reader.settings.BindDN, s.reader.password, policy))
		return err
	})
	said := int8(-1)
	if result != nil {
		if c, ok := ldap.FindControl(result.Controls, ldap.ControlTypeBeheraPasswordPolicy).(*ldap.ControlBeheraPasswordPolicy); ok {
			said = c.Error
			if c.Expire > 0 {
				s.remark(fmt.Sprintf("The password of the account expires in %s.", model.Duration(time.Duration(c.Expire)*time.Second)))
			}
			if c.Grace >= 0 {
				s.remark(fmt.Sprintf("The password of the account has expired: the server accepts it %s more.", model.Count(int(c.Grace), "time", "times")))
			}
		}
	}
	what := "signing in as " + model.FitText(s.reader.settings.BindDN, maxSaid)
	for _, f := range policyFailures {
		if said == f.said && (err == nil || ldap.IsErrorWithCode(err, ldap.LDAPResultInvalidCredentials)) {
			return &directory.ReadError{Reason: f.Reason, Detail: model.UpperFirst(what) + ": " + model.LowerFirst(f.Detail), Remedy: f.Remedy}
		}
	}
	if err != nil {
		return s.failed(what, err)
	}
	return nil
}

// know asks what the server is.
func (s *session) know(ctx context.Context) error {
	request := ldap.NewSearchRequest("", ldap.ScopeBaseObject, ldap.NeverDerefAliases, 0, 0, false, "(objectClass=*)", []string{"*", "+"}, nil)
	result, err := s.ask(ctx, request)
	switch {
	case s.guard.why() != nil:
		return s.failed("asking the server for its kind", err)
	case err == nil && len(result.Entries) > 0:
		s.root = newEntry(result.Entries[0])
	}
	return s.layOut()
}

// base is where to read, of the settings or of the server.
func (s *session) base() (string, error) {
	if s.reader.settings.Base != "" {
		return s.reader.settings.Base, nil
	}
	if base := s.root.first("defaultNamingContext"); base != "" {
		return base, nil
	}
	bases := s.root.all("namingContexts")
	if len(bases) == 1 {
		return bases[0], nil
	}
	detail := "The settings name no base, and the server does not say one."
	if len(bases) > 1 {
		detail = fmt.Sprintf("The settings name no base, and the server has several: %s.", model.FitText(strings.Join(bases, "; "), maxSaid))
	}
	return "", &directory.ReadError{Reason: "no_base", Detail: detail, Remedy: "Name the base in the settings of the source."}
}

// server is which server answered, and its kind.
func (s *session) server() string { return s.at.url + ", " + s.layout.kind }
