package trust

import (
	"fmt"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso"
)

// Brought is what somebody brought to be trusted on a connection.
type Brought struct {
	sso.Brought
	// Fresh are the certificates of it that are not trusted yet, Known the others.
	Fresh, Known []sso.Certificate
	// Provider is the connection's own AWS application, with the fresh certificates.
	Provider *sso.IdentityProvider
}

// ReadBrought reads a file or a text that somebody brought for a live
// connection. problem says for them what is wrong with it.
func (lf Trust) ReadBrought(c model.Connection, data []byte) (b Brought, problem string, err error) {
	trusted, err := lf.IdentityProvider(c.Live)
	if err != nil {
		return b, "", err
	}
	if b.Brought, err = sso.ReadCertificates(data, lf.MetadataOptions()); err != nil {
		return b, err.Error(), nil //nolint:nilerr // the text is what is wrong with it
	}
	if p := b.Brought.Provider; p != nil && p.EntityID != trusted.EntityID {
		return b, fmt.Sprintf("This is the metadata of another application: %s. The one that is trusted here is %s.", p.EntityID, trusted.EntityID), nil
	}
	offered := *trusted
	offered.Certificates = b.Certificates
	b.Fresh, _ = sso.CompareCertificates(trusted, &offered)
	for _, cert := range b.Certificates {
		if lf.HasCertificate(c, cert.Fingerprint) {
			b.Known = append(b.Known, cert)
		}
	}
	offered.Certificates = b.Fresh
	b.Provider = &offered
	if len(b.Fresh) == 0 {
		problem = "It has no certificate that is not trusted already. AWS's metadata has the active one only: to bring the new one before it is active, " +
			"download its file. In AWS: the application, Actions, Edit configuration, Manage certificate; select the new certificate and download it."
	}
	return b, problem, nil
}
