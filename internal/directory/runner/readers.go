package runner

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/postern-sso/postern/internal/directory"
	"github.com/postern-sso/postern/internal/directory/aws"
	"github.com/postern-sso/postern/internal/directory/ldap"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso"
	"github.com/postern-sso/postern/internal/store"
)

// Tested is what the test of a source saw.
type Tested struct {
	Steps       []directory.Step
	Sample      []model.SourcePerson // people as a run would read them
	Remarks     []string
	Server      string            // which one, and of which kind; empty: not known
	Certificate *ldap.Certificate // SourceLDAP: the server's, trusted or not; nil: none was seen
}

// kind is how a kind of source is read and tested.
type kind struct {
	read func(context.Context, *store.Store, model.Source, []byte) (Reader, error)
	test func(context.Context, *store.Store, model.Source, []byte) (Tested, error)
}

// kinds are the kinds that are read. One that pushes is not.
var kinds = map[model.SourceKind]kind{ //nolint:gochecknoglobals // a constant
	model.SourceLDAP: {
		read: func(_ context.Context, _ *store.Store, src model.Source, secret []byte) (Reader, error) {
			return ldap.New(src.LDAP, string(secret))
		},
		test: func(ctx context.Context, _ *store.Store, src model.Source, secret []byte) (Tested, error) {
			r, err := ldap.New(src.LDAP, string(secret))
			if err != nil {
				return Tested{}, err
			}
			t := r.Test(ctx)
			return Tested{Steps: t.Steps, Sample: t.Sample, Remarks: t.Remarks, Server: t.Server, Certificate: t.Certificate}, nil
		},
	},
	model.SourceAWS: {
		read: func(ctx context.Context, st *store.Store, src model.Source, secret []byte) (Reader, error) {
			return awsReader(ctx, st, src, secret)
		},
		test: func(ctx context.Context, st *store.Store, src model.Source, secret []byte) (t Tested, err error) {
			r, err := awsReader(ctx, st, src, secret)
			if err != nil {
				return t, err
			}
			t.Steps, t.Sample = r.Test(ctx)
			return t, nil
		},
	},
}

// Open makes readers of every kind, for sources of a database.
func Open(st *store.Store) Opener {
	return func(ctx context.Context, src model.Source, secret []byte) (Reader, error) {
		k, ok := kinds[src.Kind]
		if !ok {
			return nil, fmt.Errorf("a source of kind %s is not read", src.Kind)
		}
		return k.read(ctx, st, src, secret)
	}
}

// Test tries a source step by step, with the secret that is kept, or another one that
// was just typed. Settings that cannot be tried are one step that failed.
func (r *Runner) Test(ctx context.Context, src model.Source, typed []byte) (Tested, error) {
	k, ok := kinds[src.Kind]
	if !ok {
		return Tested{}, fmt.Errorf("a source of kind %s is not read", src.Kind)
	}
	secret := typed
	if secret == nil {
		var err error
		if secret, err = r.secret(ctx, src); err != nil {
			return settingsFailed(err)
		}
	}
	t, err := k.test(ctx, r.store, src, secret)
	if err != nil {
		return settingsFailed(err)
	}
	return t, nil
}

// Try is Test with the secret that is kept, as a page shows it.
func (r *Runner) Try(ctx context.Context, src model.Source) (directory.TestResult, error) {
	t, err := r.Test(ctx, src, nil)
	return directory.TestResult{Steps: t.Steps, People: t.Sample, Untrusted: t.untrusted()}, err
}

// untrusted is the server's certificate where TLS failed; nil: none was seen, or it is trusted.
func (t Tested) untrusted() *directory.Certificate {
	c := t.Certificate
	if c == nil || !slices.ContainsFunc(t.Steps, func(s directory.Step) bool { return s.Name == "tls" && s.State == directory.StepFailed }) {
		return nil
	}
	return &directory.Certificate{SHA256: c.SHA256, Subject: c.Subject, Issuer: c.Issuer, Names: c.Names, NotBefore: c.NotBefore, NotAfter: c.NotAfter}
}

func settingsFailed(err error) (Tested, error) {
	var read *directory.ReadError
	if !errors.As(err, &read) {
		return Tested{}, err
	}
	return Tested{Steps: []directory.Step{{Name: "settings", Title: "The settings", State: directory.StepFailed, Detail: read.Detail, Remedy: read.Remedy}}}, nil
}

func awsReader(ctx context.Context, st *store.Store, src model.Source, secret []byte) (*aws.Reader, error) {
	o := aws.Options{Settings: src.AWS, Groups: src.Groups, Keys: AWSKeys(secret)}
	if src.Connection != "" {
		c, err := st.Connection(ctx, src.Connection)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
		o.Application = applicationOf(c)
	}
	return aws.New(o)
}

// applicationOf is the address of the connection's application in AWS.
func applicationOf(c model.Connection) string {
	for _, revision := range []*model.Revision{c.Live, c.Draft} {
		if revision == nil {
			continue
		}
		if revision.Config.IdPMetadataURL != "" {
			return revision.Config.IdPMetadataURL
		}
		if idp, err := sso.ParseMetadata([]byte(revision.Config.IdPMetadata), sso.MetadataOptions{Now: time.Now()}); err == nil {
			return idp.EntityID
		}
	}
	return ""
}

// AWSKeys are static credentials as the secret of a source keeps them: two lines.
func AWSKeys(secret []byte) aws.Keys {
	id, key, _ := strings.Cut(string(secret), "\n")
	return aws.Keys{AccessKeyID: strings.TrimSpace(id), SecretAccessKey: strings.TrimSpace(key)}
}

// AWSSecret is what AWSKeys reads.
func AWSSecret(k aws.Keys) []byte { return []byte(k.AccessKeyID + "\n" + k.SecretAccessKey) }
