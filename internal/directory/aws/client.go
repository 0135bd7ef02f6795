package aws

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/logging"

	"github.com/postern-sso/postern/internal/directory/reach"
)

// limits bound what a run takes, whatever AWS answers. Tests have others.
type limits struct {
	rate        float64       // requests a second, and so many at once at the beginning
	burst       int           //
	attempts    int           // of one call, the first included
	backoff     time.Duration // at most, between two attempts
	credentials time.Duration // to get credentials: outside of AWS nobody answers for the machine's role
	attempt     time.Duration // one attempt
	call        time.Duration // one call with all its attempts
	run         time.Duration
	answer      int64 // bytes of one answer: a page has 100 people at most
	answers     int64 // bytes of all answers of a run
	pages       int   // of one list
	members     int   // of all groups together
	unknown     int   // members that are looked up one by one
}

func defaultLimits() limits {
	return limits{rate: 5, burst: 5, attempts: 8, backoff: 20 * time.Second, credentials: 10 * time.Second, attempt: 30 * time.Second,
		call: 4 * time.Minute, run: 2 * time.Hour, answer: 4 << 20, answers: 1 << 30, pages: 10_000, members: 5_000_000, unknown: 5_000}
}

// clients are AWS's, with one limiter for all of them.
type clients struct {
	store *identitystore.Client
	sso   *ssoadmin.Client
	sts   *sts.Client
}

var (
	errNoKeys  = errors.New("no keys are kept")
	errTooLong = errors.New("the answer is too long")
)

// connect makes clients and gets the first credentials, so that their absence is
// told apart from everything else.
func (r *Reader) connect(ctx context.Context) (*clients, error) {
	cfg, err := r.config(ctx)
	if err != nil {
		return nil, err
	}
	base := func(p **string) {
		// An address in the surroundings is not used: where requests go is a setting.
		if *p = nil; r.o.Settings.Endpoint != "" {
			*p = &r.o.Settings.Endpoint
		}
	}
	ofSTS := func(o *sts.Options) { base(&o.BaseEndpoint) }
	if role := r.o.Settings.RoleARN; role != "" {
		provider := stscreds.NewAssumeRoleProvider(sts.NewFromConfig(cfg, ofSTS), role, func(o *stscreds.AssumeRoleOptions) {
			o.RoleSessionName, o.ExternalID, o.Duration = "postern", &r.o.Settings.ExternalID, time.Hour
		})
		cfg.Credentials = sdk.NewCredentialsCache(bounded{provider, r.limits.call})
	}
	ctx, cancel := context.WithTimeout(ctx, r.limits.call)
	defer cancel()
	if _, err := cfg.Credentials.Retrieve(ctx); err != nil {
		return nil, err
	}
	return &clients{
		store: identitystore.NewFromConfig(cfg, func(o *identitystore.Options) { base(&o.BaseEndpoint) }),
		sso:   ssoadmin.NewFromConfig(cfg, func(o *ssoadmin.Options) { base(&o.BaseEndpoint) }),
		sts:   sts.NewFromConfig(cfg, ofSTS),
	}, nil
}

// config has the Region, the credentials before any role is assumed, and how
// requests are sent. The machine's own credentials are looked for only where an
// administrator chose them.
func (r *Reader) config(ctx context.Context) (sdk.Config, error) {
	var cfg sdk.Config
	if r.o.Settings.FromSurroundings {
		var err error
		cfg, err = config.LoadDefaultConfig(ctx, config.WithRegion(r.o.Settings.Region), config.WithLogger(logging.Nop{}))
		if err != nil {
			return cfg, &credentialsError{err}
		}
	} else {
		env, err := config.NewEnvConfig() // for FIPS and dual stack
		if err != nil {
			return cfg, &credentialsError{err}
		}
		if r.o.Keys.AccessKeyID == "" || r.o.Keys.SecretAccessKey == "" {
			return cfg, &credentialsError{errNoKeys}
		}
		cfg = sdk.Config{
			Region: r.o.Settings.Region, ConfigSources: []any{env},
			Credentials: credentials.NewStaticCredentialsProvider(r.o.Keys.AccessKeyID, r.o.Keys.SecretAccessKey, ""),
		}
	}
	cfg.Credentials = sdk.NewCredentialsCache(bounded{cfg.Credentials, r.limits.credentials})
	built, ok := cfg.HTTPClient.(*awshttp.BuildableClient) // with the authorities that the surroundings name
	if !ok {
		built = awshttp.NewBuildableClient()
	}
	var next http.RoundTripper = built.WithDialerOptions(func(d *net.Dialer) { d.Control = reach.JudgeDial }).GetTransport()
	if r.transport != nil {
		next = r.transport
	}
	cfg.HTTPClient = &http.Client{
		Transport: &transport{next: next, limit: newLimiter(r.limits.rate, r.limits.burst), most: r.limits.answer, left: &r.left},
		Timeout:   r.limits.attempt,
		// A signed request goes where it was meant to go, and nowhere else.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	retryer := retry.NewStandard(func(o *retry.StandardOptions) { o.MaxAttempts, o.MaxBackoff = r.limits.attempts, r.limits.backoff })
	cfg.Retryer = func() sdk.Retryer { return retryer }
	return cfg, nil
}

// credentialsError is why there are no credentials to sign with.
type credentialsError struct{ err error }

func (e *credentialsError) Error() string { return "no credentials: " + e.err.Error() }

func (e *credentialsError) Unwrap() error { return e.err }

// bounded gets credentials in bounded time: whoever waits for them has no say in it
// once the SDK's cache asks on behalf of all.
type bounded struct {
	provider sdk.CredentialsProvider
	most     time.Duration
}

// Retrieve implements sdk.CredentialsProvider.
func (b bounded) Retrieve(ctx context.Context) (sdk.Credentials, error) {
	ctx, cancel := context.WithTimeout(ctx, b.most)
	defer cancel()
	c, err := b.provider.Retrieve(ctx)
	if err != nil {
		return c, &credentialsError{err}
	}
	return c, nil
}

// transport sends at the limiter's pace, retries included, and bounds what is read.
type transport struct {
	next  http.RoundTripper
	limit *limiter
	most  int64         // bytes of one answer
	left  *atomic.Int64 // of all answers
}

// RoundTrip implements http.RoundTripper.
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := t.limit.wait(r.Context()); err != nil {
		return nil, err
	}
	resp, err := t.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	resp.Body = &boundedBody{ReadCloser: resp.Body, most: t.most, left: t.left}
	return resp, nil
}

type boundedBody struct {
	io.ReadCloser
	most int64
	left *atomic.Int64
}

// Read implements io.Reader.
func (b *boundedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.most -= int64(n)
	if b.left.Add(-int64(n)) < 0 || b.most < 0 {
		return 0, errTooLong
	}
	return n, err
}
