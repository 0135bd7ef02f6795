package main

import (
	"context"
	"fmt"
	"net"
	"path/filepath"

	"github.com/postern-sso/postern/internal/awssim"
	"github.com/postern-sso/postern/internal/directory/aws"
	"github.com/postern-sso/postern/internal/directory/runner"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/web"
)

type demoCmd struct {
	serveFlags
	AWSListen string `name:"aws-listen" env:"POSTERN_AWS_LISTEN" default:"127.0.0.1:8081" help:"Address of the simulated AWS (${default})."`
	AppListen string `name:"app-listen" env:"POSTERN_APP_LISTEN" default:"127.0.0.1:8082" help:"Address of the sample app (${default})."`
}

// Run serves the console with the simulated AWS IAM Identity Center and a sample
// app beside it.
func (c *demoCmd) Run(ctx context.Context, io streams) error {
	return c.ended(io.err, c.run(ctx, io))
}

func (c *demoCmd) run(ctx context.Context, io streams) error {
	listener, err := listen(ctx, c.AWSListen)
	if err != nil {
		return err
	}
	awsURL := localURL(listener.Addr())
	log := c.logger(io.err)
	sim, err := awssim.New(awssim.Options{
		BaseURL: awsURL, StateFile: filepath.Join(c.DataDir, "simulated-aws.yaml"),
		Logger: log,
	})
	if err != nil {
		_ = listener.Close()
		return fmt.Errorf("simulated AWS: %w", err)
	}
	c.say(io.out, "Simulated AWS IAM Identity Center", awsURL)
	appListener, err := listen(ctx, c.AppListen)
	if err != nil {
		_ = listener.Close()
		return err
	}
	c.say(io.out, "Sample app", localURL(appListener.Addr()))
	return c.serve(ctx, io, &companion{
		awsURL:    awsURL,
		directory: func() (model.AWSSettings, []byte) { return directoryOf(sim.Access()) },
		serve:     func(ctx context.Context) error { return serveHTTP(ctx, listener, sim.Handler(), log) },
		sample: func(ctx context.Context, st *store.Store, site *web.Site) (func(context.Context) error, error) {
			app, err := sampleApp(ctx, st, site, localURL(appListener.Addr()))
			if err != nil {
				return nil, fmt.Errorf("sample app: %w", err)
			}
			return func(ctx context.Context) error { return serveHTTP(ctx, appListener, app.Handler(), log) }, nil
		},
	})
}

// directoryOf is how a source reads the directory of the simulated AWS, and its secret.
func directoryOf(a awssim.Access) (model.AWSSettings, []byte) {
	return model.AWSSettings{Region: a.Region, IdentityStoreID: a.IdentityStoreID, Endpoint: a.Endpoint},
		runner.AWSSecret(aws.Keys{AccessKeyID: a.AccessKeyID, SecretAccessKey: a.SecretAccessKey})
}

// localURL names a loopback address "localhost", so that its pages are of the
// same site as the console's to a browser.
func localURL(a net.Addr) string {
	host, port, err := net.SplitHostPort(a.String())
	if err != nil {
		return "http://" + a.String()
	}
	if ip := net.ParseIP(host); ip != nil && (ip.IsLoopback() || ip.IsUnspecified()) {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, port)
}
