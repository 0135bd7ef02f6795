package sso_test

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/sso"
)

func TestCertificatesAreAddedAndRemoved(t *testing.T) {
	t.Parallel()
	o := sso.MetadataOptions{Now: time.Now()}
	first := sceneMetadata()
	old, next := base64.StdEncoding.EncodeToString(pairs()[0].certificate), base64.StdEncoding.EncodeToString(pairs()[1].certificate)
	offered, err := sso.ParseMetadata([]byte(strings.Replace(strings.Replace(first, old, next, 1), "Location=", `Location="https://evil.example/" x=`, 1)), o)
	if err != nil {
		t.Fatal(err)
	}
	both, err := sso.AddCertificates(first, offered, o)
	if err != nil {
		t.Fatal(err)
	}
	read := func(text string) *sso.IdentityProvider {
		idp, err := sso.ParseMetadata([]byte(text), o)
		if err != nil {
			t.Fatal(err)
		}
		return idp
	}
	if idp := read(both); len(idp.Certificates) != 2 || idp.RedirectURL != sceneIdP {
		t.Errorf("%d certificates, sign-in at %s", len(idp.Certificates), idp.RedirectURL)
	}
	if again, err := sso.AddCertificates(both, offered, o); err != nil || again != both {
		t.Errorf("adding it again changes something: %v", err)
	}
	fresh, gone := sso.CompareCertificates(read(first), offered)
	if len(fresh) != 1 || len(gone) != 1 {
		t.Errorf("%d new, %d gone", len(fresh), len(gone))
	}
	one, err := sso.RemoveCertificate(both, gone[0].Fingerprint, o)
	if err != nil {
		t.Fatal(err)
	}
	if idp := read(one); len(idp.Certificates) != 1 || idp.Certificates[0].Fingerprint != fresh[0].Fingerprint {
		t.Errorf("left: %+v", idp.Certificates)
	}
	if _, err := sso.RemoveCertificate(one, fresh[0].Fingerprint, o); !errors.Is(err, sso.ErrLastCertificate) {
		t.Errorf("removing the last one: %v", err)
	}
	// Whatever ParseMetadata trusts can be taken out again.
	for _, use := range []string{`use=""`, ""} {
		loose := strings.ReplaceAll(both, `use="signing"`, use)
		for _, c := range read(loose).Certificates {
			one, err := sso.RemoveCertificate(loose, c.Fingerprint, o)
			if err != nil {
				t.Errorf("%q: %v", use, err)
				continue
			}
			if idp := read(one); len(idp.Certificates) != 1 || idp.Certificates[0].Fingerprint == c.Fingerprint {
				t.Errorf("%q: left: %+v", use, idp.Certificates)
			}
		}
	}
	other := read(strings.Replace(first, "MTIzNDU2", "OTk5", 1))
	if _, err := sso.AddCertificates(first, other, o); !errors.Is(err, sso.ErrOtherIdP) {
		t.Errorf("certificates of another: %v", err)
	}
}
