// Package kit is what every room of the web needs: the error boundary, the guard,
// middleware, sessions, forms and lists. It imports no room.
package kit

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/alexedwards/scs/v2"
	"go.opentelemetry.io/otel/trace"

	"github.com/postern-sso/postern/internal/directory"
	"github.com/postern-sso/postern/internal/directory/runner"
	"github.com/postern-sso/postern/internal/jobs"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/seal"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/wizard"
	"github.com/postern-sso/postern/templates/access"
)

// Options is what the site is made of.
type Options struct {
	Store  *store.Store
	Sealer *seal.Sealer
	Logger *slog.Logger
	Now    func() time.Time // nil: time.Now

	// PublicURL is the address under which browsers reach Postern. When
	// PublicURLFixed it was given at the start and wins over the settings.
	PublicURL      string
	PublicURLFixed bool

	TrustedProxies []netip.Prefix // whose X-Forwarded-For is believed

	// AllowPrivateMetadata lets administrators have metadata fetched from private
	// addresses, for an identity provider inside the network.
	AllowPrivateMetadata bool

	// VerifyTwice has the answers to live logins and tests verified by the former
	// verifier too, and refuses those of which the two do not say the same.
	VerifyTwice bool

	Version    string
	DemoAWSURL string // the simulated AWS of `console demo`; empty: real AWS

	// DemoDirectory tells where the directory of the simulated AWS is read, and with
	// which secret; nil: there is none.
	DemoDirectory func() (model.AWSSettings, []byte)

	Metrics   *Metrics
	Tracer    trace.TracerProvider // where spans of requests go; nil: nothing is traced
	Readiness *Readiness           // what /readyz answers; nil: not ready
	Backups   *Backups             // nil: this process makes none by itself

	// CommandFlags lead a command on the server to this database, for pages that
	// tell people to run one.
	CommandFlags string

	SessionStore scs.Store // nil: PostgreSQL; tests keep sessions in memory

	WebRoots *x509.CertPool // whom to believe to be a new public URL; nil: whom the machine trusts

	MailTLS *tls.Config // whom to believe to be the mail server; nil: what the machine trusts

	Jobs *jobs.Runner // works on what takes long; nil: only the requests that start it do

	Sources *runner.Runner // runs sources; nil: one that keeps no schedule

	// TestSource tries a source step by step; nil: Sources does.
	TestSource func(context.Context, model.Source) (directory.TestResult, error)

	Refresh func(context.Context) error // follows a change of the public URL; nil: nobody does
}

// Kit is what every room needs: the database, the clock, the two kinds of
// session, and the one way to answer. Rooms embed it.
type Kit struct {
	Store   *store.Store
	Sealer  *seal.Sealer
	Log     *slog.Logger
	Now     func() time.Time
	Opts    Options
	Admins  *scs.SessionManager // people who use the console
	Persons *scs.SessionManager // people who signed in through SAML

	asker   Asker   // asks who is there; set once the rooms are there
	console []Route // every page of the console; likewise

	idps    *idpCache
	brands  brandCache
	leavers tally // people who have left and are still active
	sources tally // that have a run that waits, or fail
}

// Asker asks a browser who is there. The guard meets people who are not signed
// in, or whose proof is too old, and sends them to the room that can tell.
type Asker interface {
	// RenderSignIn shows the sign-in page, with a form that goes along.
	RenderSignIn(w http.ResponseWriter, r *http.Request, status int, form access.SignInForm) error
	// AskStepUp asks who is signed in to prove it again, and offers what they
	// sent again afterwards.
	AskStepUp(w http.ResponseWriter, r *http.Request, a model.Administrator) error
}

// New puts together what the rooms share. PublicURL must be an absolute URL.
func New(o Options) *Kit {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Jobs == nil {
		o.Jobs = jobs.New(o.Store, o.Logger)
	}
	if o.Sources == nil {
		o.Sources = runner.New(o.Store, o.Sealer, runner.Open(o.Store), o.Logger)
	}
	if o.TestSource == nil {
		o.TestSource = o.Sources.Try
	}
	o.Logger = slog.New(logInContext{o.Logger.Handler()})
	o.PublicURL = strings.TrimRight(o.PublicURL, "/")
	k := &Kit{Store: o.Store, Sealer: o.Sealer, Log: o.Logger, Now: o.Now, Opts: o, idps: newIDPCache()}
	k.Admins, k.Persons = k.newSessions()
	return k
}

// Connect tells the kit of what is made of it: who asks people who they are, and
// every page of the console.
func (k *Kit) Connect(a Asker, routes []Route) { k.asker, k.console = a, routes }

// Secure tells whether browsers reach Postern over https.
func (k *Kit) Secure() bool { return strings.HasPrefix(k.Opts.PublicURL, "https://") }

// MovePublicURL changes the public URL in a transaction of the caller's, and takes
// back, in every draft, that AWS has its values: they are others now. unanswered
// says why nothing answered at the new address, which is accepted; empty: it did,
// or nobody asked. When it is committed, PublicURLChanged is to be called.
func (k *Kit) MovePublicURL(ctx context.Context, tx *store.Store, actor model.Actor, to, unanswered string) error {
	connections, err := tx.Connections(ctx)
	if err != nil {
		return err
	}
	for _, c := range connections {
		if c.Draft == nil {
			continue
		}
		if _, err := tx.SaveDraft(ctx, actor, c.Slug, c.Draft.Version, func(rev *model.Revision) error {
			wizard.ValuesMoved(rev, c.Slug, k.Opts.PublicURL, to)
			return nil
		}); err != nil {
			return err
		}
	}
	return tx.SaveSettings(ctx, actor, func(set *store.Settings) error {
		set.MoveTo(to, unanswered, k.Now())
		return nil
	})
}

// PublicURLChanged is called after the settings were saved.
func (k *Kit) PublicURLChanged(ctx context.Context) error {
	if k.Opts.Refresh == nil {
		return nil
	}
	return k.Opts.Refresh(ctx)
}
