package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// healthTime is how long a process may take to say how it is: less than what
// engines give a health check.
const healthTime = 4 * time.Second

// healthCmd asks the Postern of this machine how it is: the health check of an
// image in which nothing else could ask.
type healthCmd struct {
	tlsFlags
	Listen string `env:"POSTERN_LISTEN" default:"127.0.0.1:8080" help:"Address that “console serve” listens on (${default})."`
	Ready  bool   `help:"Ask whether a login could work (/readyz), and not only whether the process is up (/healthz)."`
}

// Run says ok, or fails with what is against it.
func (c *healthCmd) Run(ctx context.Context, io streams) error {
	ctx, cancel := context.WithTimeout(ctx, healthTime)
	defer cancel()
	address, err := callable(c.Listen)
	if err != nil {
		return err
	}
	if len(c.ACMEHosts) > 0 {
		err = c.greet(ctx, address)
	} else {
		err = c.ask(ctx, address)
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(io.out, "ok")
	return err
}

// callable is where a process that listens on the address is reached from its own machine.
func callable(listen string) (string, error) {
	host, port, err := net.SplitHostPort(listen)
	if err != nil || port == "0" {
		return "", fmt.Errorf("--listen %q: want the ADDRESS:PORT that “console serve” listens on, for example 127.0.0.1:8080", listen)
	}
	switch ip := net.ParseIP(host); {
	case host == "", ip != nil && ip.IsUnspecified() && ip.To4() != nil:
		host = "127.0.0.1"
	case ip != nil && ip.IsUnspecified():
		host = "::1"
	}
	return net.JoinHostPort(host, port), nil
}

// ask asks by HTTP. The certificate need not name the address that is asked:
// nothing secret is sent, and who could answer in its place has the machine.
func (c *healthCmd) ask(ctx context.Context, address string) error {
	scheme, path := "http", "/healthz"
	if c.Certificate != "" {
		scheme = "https"
	}
	if c.Ready {
		path = "/readyz"
	}
	url := scheme + "://" + address + path
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	client := &http.Client{
		Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{
			InsecureSkipVerify: true, //nolint:gosec // see above
			MinVersion:         tls.VersionTLS12,
		}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }() // read, or not of interest
	text, err := io.ReadAll(io.LimitReader(res.Body, 4<<10))
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", url, err)
	case res.StatusCode != http.StatusOK:
		return fmt.Errorf("%s answers %s: %s", url, res.Status, strings.TrimSpace(string(text)))
	}
	return nil
}

// greet sees whether TLS is spoken. With certificates by ACME a whole request would
// have one fetched, so it names no host, and being refused for that is a sign of life.
func (c *healthCmd) greet(ctx context.Context, address string) error {
	if c.Ready {
		return errors.New("--ready cannot ask where certificates come by --acme-host: it would have one fetched")
	}
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }() // nothing is sent after the greeting
	//nolint:gosec // as in ask
	err = tls.Client(conn, &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS12}).HandshakeContext(ctx)
	var refused *net.OpError
	if errors.As(err, &refused) && refused.Op == "remote error" { // an alert of TLS
		return nil
	}
	return err
}
