// Package otlp sends spans to a collector by OTLP over HTTP with protobuf, as
// OpenTelemetry's specification of exporters has it. The official exporter links gRPC and
// the descriptors of all messages, which every process pays for, traced or not.
package otlp

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
)

// Config says where spans go, and how.
type Config struct {
	URL     string        // of the collector, with the path
	Headers http.Header   // what is sent with every request
	Timeout time.Duration // of one request
	Gzip    bool          // bodies are compressed
	TLS     *tls.Config   // nil: as every program on this machine has it

	Delay   time.Duration // for how long spans are gathered at most
	Queue   int           // how many wait at most; more are dropped
	Batch   int           // how many go in one request at most
	Sending time.Duration // for how long a batch is tried
}

const prefix = "OTEL_EXPORTER_OTLP_"

// FromEnvironment reads OTEL_EXPORTER_OTLP_* and OTEL_BSP_*, of which a variable for
// traces wins over the one for all. What it cannot do it refuses, by the variable's name.
func FromEnvironment(getenv func(string) string) (Config, error) {
	env := func(name string) string { return strings.TrimSpace(getenv(name)) }
	var c Config
	err := errors.Join(c.readProtocol(env), c.readURL(env), c.readHeaders(env), c.readCompression(env), c.readTLS(env),
		milliseconds(env, &c.Timeout, 10_000, prefix+"TRACES_TIMEOUT", prefix+"TIMEOUT"),
		milliseconds(env, &c.Delay, 5_000, "OTEL_BSP_SCHEDULE_DELAY"), milliseconds(env, &c.Sending, 30_000, "OTEL_BSP_EXPORT_TIMEOUT"),
		positive(env, &c.Queue, 2048, "OTEL_BSP_MAX_QUEUE_SIZE"), positive(env, &c.Batch, 512, "OTEL_BSP_MAX_EXPORT_BATCH_SIZE"))
	c.Batch = min(c.Batch, c.Queue)
	return c, err
}

// first is the first of the variables that says something, and which that is.
func first(env func(string) string, names ...string) (name, value string) {
	for _, name := range names {
		if value := env(name); value != "" {
			return name, value
		}
	}
	return "", ""
}

// ofTraces is what a variable of OTLP says: the one for traces, else the one for all.
func ofTraces(env func(string) string, what string) (name, value string) {
	return first(env, prefix+"TRACES_"+what, prefix+what)
}

func (c *Config) readProtocol(env func(string) string) error {
	if name, protocol := ofTraces(env, "PROTOCOL"); protocol != "" && protocol != "http/protobuf" {
		return fmt.Errorf("%s is %q, and Postern sends spans by http/protobuf only", name, protocol)
	}
	return nil
}

func (c *Config) readURL(env func(string) string) error {
	name, text := ofTraces(env, "ENDPOINT")
	if text == "" {
		name, text = prefix+"ENDPOINT", "http://localhost:4318"
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return fmt.Errorf("%s is no address such as http://localhost:4318", name) // it may hold a password
	}
	switch {
	case name == prefix+"ENDPOINT":
		u = u.JoinPath("v1/traces")
	case u.Path == "":
		u.Path = "/"
	}
	if name, insecure := ofTraces(env, "INSECURE"); strings.EqualFold(insecure, "true") && u.Scheme == "https" {
		return fmt.Errorf("%s is true, and the address of the collector begins with https://", name)
	}
	c.URL = u.String()
	return nil
}

// readHeaders reads key=value pairs between commas, with values encoded as in URLs.
func (c *Config) readHeaders(env func(string) string) error {
	c.Headers = http.Header{}
	name, text := ofTraces(env, "HEADERS")
	for pair := range strings.SplitSeq(text, ",") {
		if strings.TrimSpace(pair) == "" {
			continue
		}
		key, value, found := strings.Cut(pair, "=")
		key = strings.TrimSpace(key)
		value, err := url.PathUnescape(strings.TrimSpace(value))
		if !found || err != nil || !isToken(key) || strings.ContainsAny(value, "\r\n\x00") {
			return fmt.Errorf("%s is no list such as name=value,name2=value2 with values encoded as in URLs", name) // they may be secret
		}
		c.Headers.Set(key, value)
	}
	return nil
}

// isToken tells whether a text may be the name of a header.
func isToken(s string) bool {
	return s != "" && strings.Trim(s, "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

func (c *Config) readCompression(env func(string) string) error {
	name, how := ofTraces(env, "COMPRESSION")
	if how != "" && how != "gzip" && how != "none" {
		return fmt.Errorf("%s is %q, and Postern knows gzip and none", name, how)
	}
	c.Gzip = how == "gzip"
	return nil
}

func (c *Config) readTLS(env func(string) string) error {
	roots, rootsFile := ofTraces(env, "CERTIFICATE")
	own, ownFile := ofTraces(env, "CLIENT_CERTIFICATE")
	key, keyFile := ofTraces(env, "CLIENT_KEY")
	if rootsFile == "" && ownFile == "" && keyFile == "" {
		return nil
	}
	if strings.HasPrefix(c.URL, "http://") {
		return fmt.Errorf("%s names a file, and the address of the collector begins with http://", cmp.Or(roots, own, key))
	}
	c.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	if rootsFile != "" {
		pem, err := os.ReadFile(rootsFile) //nolint:gosec // the administrator of the machine names it
		if err != nil {
			return fmt.Errorf("%s: %w", roots, err)
		}
		c.TLS.RootCAs = x509.NewCertPool()
		if !c.TLS.RootCAs.AppendCertsFromPEM(pem) {
			return fmt.Errorf("%s: %s holds no certificate in PEM", roots, rootsFile)
		}
	}
	if ownFile == "" && keyFile == "" {
		return nil
	}
	if ownFile == "" || keyFile == "" {
		return fmt.Errorf("%sCLIENT_CERTIFICATE and %sCLIENT_KEY go together, and one of them is missing", prefix, prefix)
	}
	pair, err := tls.LoadX509KeyPair(ownFile, keyFile)
	if err != nil {
		return fmt.Errorf("%s and %s: %w", own, key, err)
	}
	c.TLS.Certificates = []tls.Certificate{pair}
	return nil
}

func milliseconds(env func(string) string, into *time.Duration, otherwise int, names ...string) error {
	n := 0
	err := positive(env, &n, otherwise, names...)
	*into = time.Duration(n) * time.Millisecond
	return err
}

// positive reads a whole number. A thousand million is more than anybody wants of anything here.
func positive(env func(string) string, into *int, otherwise int, names ...string) error {
	const most = 1_000_000_000
	*into = otherwise
	name, text := first(env, names...)
	if text == "" {
		return nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > most {
		return fmt.Errorf("%s is %q, and not a whole number above zero", name, text)
	}
	*into = n
	return nil
}
