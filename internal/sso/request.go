package sso

import (
	"bytes"
	"compress/flate"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/url"
	"sync"
	"time"

	"github.com/beevik/etree"
	"github.com/crewjam/saml"

	"github.com/postern-sso/postern/internal/model"
)

// Request is an AuthnRequest that sends a person to AWS.
type Request struct {
	ID           string
	IssueInstant time.Time
	XML          []byte
	Location     string // AWS's sign-in address
}

// NewRequestID makes the ID of a request: 128 random bits. It is the one
// function of this package that is not pure.
func NewRequestID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	return "_" + hex.EncodeToString(b[:])
}

// NewRequest makes the smallest request that works with AWS. It names no
// NameIDPolicy unless the service provider asks for one: AWS refuses any format
// but that of its Subject row, with "No access" and nothing else.
func NewRequest(sp ServiceProvider, idp *IdentityProvider, id string, now time.Time) (Request, error) {
	if idp == nil || idp.RedirectURL == "" {
		return Request{}, errors.New("authentication request: the identity provider has no sign-in address")
	}
	r := saml.AuthnRequest{
		ID: id, Version: "2.0", IssueInstant: now.UTC().Truncate(time.Millisecond), Destination: idp.RedirectURL,
		AssertionConsumerServiceURL: sp.ACSURL, ProtocolBinding: bindingPost,
		Issuer: &saml.Issuer{Value: sp.EntityID},
	}
	if format := sp.NameIDFormat.URN(); format != "" && sp.NameIDFormat != model.NameIDNone {
		r.NameIDPolicy = &saml.NameIDPolicy{Format: &format}
	}
	doc := etree.NewDocument()
	doc.SetRoot(r.Element())
	xml, err := doc.WriteToBytes()
	if err != nil {
		return Request{}, err
	}
	return Request{ID: id, IssueInstant: r.IssueInstant, XML: xml, Location: idp.RedirectURL}, nil
}

// RedirectURL is AWS's address with the request in it (SAML 2.0 bindings §3.4).
func (r Request) RedirectURL(relayState string) (string, error) {
	u, err := url.Parse(r.Location)
	if err != nil {
		return "", err
	}
	deflated, err := deflate(r.XML)
	if err != nil {
		return "", err
	}
	q := u.Query()
	q.Set("SAMLRequest", base64.StdEncoding.EncodeToString(deflated))
	if relayState != "" {
		q.Set("RelayState", relayState)
	}
	u.RawQuery = q.Encode()
	return u.String(), nil
}

// deflaters are used again: making one clears 600 kB, for a request of 500 bytes.
var deflaters = sync.Pool{New: func() any { //nolint:gochecknoglobals // a pool is shared
	w, _ := flate.NewWriter(nil, flate.DefaultCompression) // fails only for a level that there is not
	return w
}}

func deflate(plain []byte) ([]byte, error) {
	w := deflaters.Get().(*flate.Writer) //nolint:forcetypeassert // the pool holds nothing else
	defer deflaters.Put(w)
	var out bytes.Buffer
	w.Reset(&out) // whatever became of the last use
	if _, err := w.Write(plain); err != nil {
		return nil, err
	}
	err := w.Close()
	return out.Bytes(), err
}
