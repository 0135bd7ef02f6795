package trust

import (
	"context"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso"
)

// Change says where the change of AWS's certificate stands on a connection. It
// needs what the metadata check found, and asks for the uses of certificates and
// for what was proposed.
func (lf Trust) Change(ctx context.Context, c model.Connection, check model.MetadataCheck) (sso.CertificateChange, []model.CertificateProposal, error) {
	uses, err := lf.Store.CertificateUses(ctx, lf.Now(), c.ID)
	if err != nil {
		return sso.CertificateChange{}, nil, err
	}
	proposals, err := lf.Store.OpenProposals(ctx, c.Slug)
	if err != nil {
		return sso.CertificateChange{}, nil, err
	}
	change, err := lf.JudgeChange(c, check, uses, proposals)
	return change, proposals, err
}

// JudgeChange is Change with what was read already: of several connections the
// uses are read at once.
func (lf Trust) JudgeChange(c model.Connection, check model.MetadataCheck, uses []model.CertificateUse,
	proposals []model.CertificateProposal) (sso.CertificateChange, error) {
	f := sso.ChangeFacts{Check: check, Now: lf.Now()}
	for _, u := range uses {
		if u.ConnectionID == c.ID {
			f.Uses = append(f.Uses, u)
		}
	}
	if c.Live != nil {
		idp, err := lf.IdentityProvider(c.Live)
		if err != nil {
			return sso.CertificateChange{}, err
		}
		f.Trusted = idp.Certificates
	}
	var err error
	if f.Offered, _, _, err = lf.Offer(c, check); err != nil {
		return sso.CertificateChange{}, err
	}
	for _, p := range proposals {
		if cert, err := sso.ParseCertificate(p.Certificate, f.Now); err == nil { // it was good when it was kept
			f.Proposed = append(f.Proposed, cert)
		}
	}
	return sso.JudgeChange(f), nil
}
