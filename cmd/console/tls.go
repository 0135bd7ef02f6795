package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/acme/autocert"
)

// tlsFlags let Postern speak https itself. Without them a reverse proxy does.
type tlsFlags struct {
	Certificate string   `name:"tls-certificate" env:"POSTERN_TLS_CERTIFICATE" help:"PEM file with the certificate and its chain, to serve https without a proxy. Read again when it changes." placeholder:"FILE"`
	Key         string   `name:"tls-key" env:"POSTERN_TLS_KEY" help:"PEM file with its key." placeholder:"FILE"`
	ACMEURL     string   `name:"acme-directory" env:"POSTERN_ACME_DIRECTORY" help:"Directory address of another authority that speaks ACME, instead of Let's Encrypt." placeholder:"URL"`
	ACMEHosts   []string `name:"acme-host" env:"POSTERN_ACME_HOST" help:"Get certificates for this host from Let's Encrypt. It must reach this Postern on port 443." placeholder:"HOST"`
}

// given tells whether Postern speaks https itself.
func (f tlsFlags) given() bool { return f.Certificate != "" || len(f.ACMEHosts) > 0 }

// host is a name under which the certificate is good, else localhost.
func (f tlsFlags) host() string {
	names := f.ACMEHosts
	if len(names) == 0 {
		pair, err := tls.LoadX509KeyPair(f.Certificate, f.Key)
		if err != nil {
			return "localhost" // listening says what is wrong
		}
		names = pair.Leaf.DNSNames
		for _, address := range pair.Leaf.IPAddresses {
			names = append(names, address.String())
		}
	}
	for _, name := range names {
		if _, err := checkPublicURL("https://" + net.JoinHostPort(name, "443")); err == nil {
			return name
		}
	}
	return "localhost" // a certificate for *.example.com
}

// wrap makes a listener speak https where the flags say so.
func (f tlsFlags) wrap(l net.Listener, dataDir string) (net.Listener, error) {
	switch {
	case len(f.ACMEHosts) > 0 && (f.Certificate != "" || f.Key != ""):
		return nil, errors.New("--acme-host and --tls-certificate exclude each other")
	case len(f.ACMEHosts) > 0:
		client := &acme.Client{DirectoryURL: cmp.Or(f.ACMEURL, autocert.DefaultACMEDirectory)}
		return tls.NewListener(l, acmeConfig(f.ACMEHosts, filepath.Join(dataDir, "acme"), client)), nil
	case f.ACMEURL != "":
		return nil, errors.New("--acme-directory goes with --acme-host")
	case f.Certificate == "" && f.Key == "":
		return l, nil
	case f.Certificate == "" || f.Key == "":
		return nil, errors.New("--tls-certificate and --tls-key belong together")
	}
	files := &certificateFiles{certificate: f.Certificate, key: f.Key}
	if _, err := files.get(nil); err != nil {
		return nil, err
	}
	return tls.NewListener(l, &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: files.get, NextProtos: []string{"h2", "http/1.1"}}), nil
}

// acmeConfig gets certificates for the hosts when they are first asked for, keeps
// them in cache, and renews them in time. It proves on the same port that the
// hosts lead here (RFC 8737).
func acmeConfig(hosts []string, cache string, client *acme.Client) *tls.Config {
	m := &autocert.Manager{Prompt: autocert.AcceptTOS, HostPolicy: autocert.HostWhitelist(hosts...), Cache: autocert.DirCache(cache), Client: client}
	config := m.TLSConfig()
	config.MinVersion = tls.VersionTLS12
	return config
}

// certificateFiles is a certificate that is read again when its file changes,
// so that renewing it takes no restart.
type certificateFiles struct {
	certificate, key string

	mu     sync.Mutex
	read   time.Time // the file's own time when it was read
	loaded *tls.Certificate
}

// get is for tls.Config. While the new files do not fit together the old
// certificate serves.
func (c *certificateFiles) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	info, err := os.Stat(c.certificate)
	if err == nil && c.loaded != nil && info.ModTime().Equal(c.read) {
		return c.loaded, nil
	}
	var pair tls.Certificate
	if err == nil {
		pair, err = tls.LoadX509KeyPair(c.certificate, c.key)
	}
	if err != nil {
		if c.loaded != nil {
			return c.loaded, nil
		}
		return nil, fmt.Errorf("the TLS certificate: %w", err)
	}
	c.loaded, c.read = &pair, info.ModTime()
	return c.loaded, nil
}

// listenFor listens, by https where the flags say so.
func (f tlsFlags) listenFor(ctx context.Context, address, dataDir string) (net.Listener, error) {
	l, err := listen(ctx, address)
	if err != nil {
		return nil, err
	}
	wrapped, err := f.wrap(l, dataDir)
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return wrapped, nil
}
