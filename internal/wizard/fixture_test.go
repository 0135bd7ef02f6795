package wizard_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"math/big"
	"strings"
	"sync"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/wizard"
)

var now = time.Date(2026, 11, 3, 9, 30, 0, 0, time.UTC)

// fresh are the facts of a connection that was just made.
func fresh() wizard.Facts {
	return wizard.Facts{
		Slug: "aws", Now: now, PublicURL: "http://localhost:8080",
		Draft: wizard.Draft{Config: model.DefaultConfig("AWS")},
	}
}

// certificate is the one that metadata has.
var certificate = sync.OnceValue(newCertificate)

// newCertificate is made as AWS makes them: self-signed, RSA-2048, five years,
// no extensions.
func newCertificate() string {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	name := pkix.Name{CommonName: "amazonaws.com", OrganizationalUnit: []string{"IDAS"}, Organization: []string{"Amazon"}, Country: []string{"US"}}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: name, NotBefore: now.AddDate(0, -1, 0), NotAfter: now.AddDate(5, -1, 0)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		panic(err)
	}
	return base64.StdEncoding.EncodeToString(der)
}

// awsURL is an address of an application in IAM Identity Center.
func awsURL(region, kind, instance string) string {
	id := base64.StdEncoding.EncodeToString([]byte("123456789012_ins-" + instance))
	return "https://portal.sso." + region + ".amazonaws.com/saml/" + kind + "/" + id
}

// metadata is what AWS offers for an application.
func metadata(region, instance string) string {
	return strings.NewReplacer(
		"{assertion}", awsURL(region, "assertion", instance), "{logout}", awsURL(region, "logout", instance), "{certificate}", certificate(),
	).Replace(`<?xml version="1.0" encoding="UTF-8"?><md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{assertion}">
  <md:IDPSSODescriptor WantAuthnRequestsSigned="false" protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
    <md:KeyDescriptor use="signing">
      <ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#">
        <ds:X509Data>
          <ds:X509Certificate>{certificate}</ds:X509Certificate>
        </ds:X509Data>
      </ds:KeyInfo>
    </md:KeyDescriptor>
    <md:SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="{logout}"/>
    <md:SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="{logout}"/>
    <md:NameIDFormat/>
    <md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="{assertion}"/>
    <md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="{assertion}"/>
  </md:IDPSSODescriptor>
</md:EntityDescriptor>
`)
}
