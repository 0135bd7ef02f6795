package webtest

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/web/trust"
)

// rotating is a site whose AWS serves its metadata, which changes.
type rotating struct {
	*Target
	Metadata atomic.Pointer[string] // nil: not to be had
}

func NewRotating(t *testing.T) *rotating {
	t.Helper()
	x := &rotating{}
	aws := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		text := x.Metadata.Load()
		if text == nil {
			http.Error(w, "gone", http.StatusBadGateway)
			return
		}
		_, _ = w.Write([]byte(*text)) // a broken connection fails the test elsewhere
	}))
	t.Cleanup(aws.Close)
	x.Target = NewTarget(t, func(c *model.Config) { c.IdPMetadataURL = aws.URL + "/metadata" })
	x.Serve(Keys().AwsCert)
	x.SignInAs(model.RoleOwner)
	return x
}

func (x *rotating) Serve(certificates ...[]byte) {
	text := MetadataWith(certificates...)
	x.Metadata.Store(&text)
}

// Refresh is what the minute's housekeeping does, so much later.
func (x *rotating) Refresh(later time.Duration) model.MetadataCheck {
	x.T.Helper()
	x.Now = x.Now.Add(later)
	if err := trust.With(x.Kit).RefreshDue(context.Background()); err != nil {
		x.T.Fatal(err)
	}
	check, err := x.Store.MetadataCheck(context.Background(), x.Connection("aws").ID)
	if err != nil {
		x.T.Fatal(err)
	}
	return check
}

// Login signs in with the old key or the new one, and wants that outcome.
func (x *rotating) Login(t *testing.T, what string, withNew bool, want model.Code) {
	t.Helper()
	e := x.Begin(false)
	if withNew {
		e.Scene.Key, e.Scene.Certificate = Keys().Attacker, Keys().AttackerCert
	}
	w := x.Answer(e, HonestMessage(&e))
	x.WantCode(t, what, w, want)
	if want != "" {
		return
	}
	said := ""
	for _, c := range x.Trace(w).Checks {
		if c.ID == "certificate" {
			said = c.Received
		}
	}
	if print := FingerprintOfDER(e.Scene.Certificate); said != print {
		t.Errorf("%s: the trace says that %s verified it, want %s", what, said, print)
	}
}

// FingerprintOfDER is a certificate's, as it is shown.
func FingerprintOfDER(der []byte) string {
	sum := sha256.Sum256(der)
	return strings.ToUpper(strings.ReplaceAll(strings.TrimSpace(fmt.Sprintf("% x", sum)), " ", ":"))
}
