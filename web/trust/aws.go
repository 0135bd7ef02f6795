package trust

import (
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/templates/connections"
	"github.com/postern-sso/postern/templates/parts"
)

// AwsSide describes AWS as the revision's metadata does; nil without usable
// metadata, which a draft may lack for long.
func (lf Trust) AwsSide(rev *model.Revision) *connections.AWSSide {
	if rev == nil || rev.Config.IdPMetadata == "" {
		return nil
	}
	idp, err := lf.IdentityProvider(rev)
	if err != nil {
		return nil
	}
	side := &connections.AWSSide{
		Region: idp.Region, Account: idp.AccountID, EntityID: idp.EntityID, SignInURL: idp.RedirectURL,
		FetchedFrom: rev.Config.IdPMetadataURL,
	}
	for _, cert := range idp.Certificates {
		side.Certificates = append(side.Certificates, parts.Certificate{
			Fingerprint: cert.Fingerprint, NotBefore: cert.NotBefore, NotAfter: cert.NotAfter,
		})
	}
	return side
}
