package trust

import (
	"context"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso"
)

// Change says where the change of AWS's certificate stands on a connection. It
// needs what the metadata check found, and asks for what was seen of certificates.
func (lf Trust) Change(ctx context.Context, c model.Connection, check model.MetadataCheck) (sso.CertificateChange, error) {
	uses, err := lf.Store.CertificateUses(ctx, lf.Now(), c.ID)
	if err != nil {
		return sso.CertificateChange{}, err
	}
	return lf.JudgeChange(c, check, uses), nil
}

// JudgeChange is Change with what was read already: of several connections the
// uses are read at once. Of a connection that has no usable metadata it says that
// nothing is going on.
func (lf Trust) JudgeChange(c model.Connection, check model.MetadataCheck, uses []model.CertificateUse) sso.CertificateChange {
	if c.Live == nil {
		return sso.CertificateChange{Stage: sso.ChangeNone}
	}
	idp, err := lf.IdentityProvider(c.Live)
	if err != nil {
		return sso.CertificateChange{Stage: sso.ChangeNone} // the connection's page says that
	}
	f := sso.ChangeFacts{Trusted: idp.Certificates, Check: check, Now: lf.Now()}
	for _, u := range uses {
		if u.ConnectionID != c.ID {
			continue
		}
		f.Uses = append(f.Uses, u)
		if cert, err := sso.ParseCertificate(u.Proposed, f.Now); err == nil { // it was good when it was kept
			f.Proposed = append(f.Proposed, cert)
		}
	}
	f.Offered, _, _, _ = lf.Offer(c, check) //nolint:dogsled // it fails with the metadata, which was read above
	return sso.JudgeChange(f)
}
