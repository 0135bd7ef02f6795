package trust

import (
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/templates/console"
)

// AwsSide describes AWS as the revision's metadata does; nil without usable
// metadata, which a draft may lack for long.
func (lf Trust) AwsSide(rev *model.Revision) *console.AWSSide {
	if rev == nil || rev.Config.IdPMetadata == "" {
		return nil
	}
	idp, err := lf.IdentityProvider(rev)
	if err != nil {
		return nil
	}
	side := &console.AWSSide{
		Region: idp.Region, Account: idp.AccountID, EntityID: idp.EntityID, SignInURL: idp.RedirectURL,
		FetchedFrom: rev.Config.IdPMetadataURL,
	}
	for _, cert := range idp.Certificates {
		side.Certificates = append(side.Certificates, console.Certificate{
			Fingerprint: cert.Fingerprint, NotBefore: cert.NotBefore, NotAfter: cert.NotAfter,
		})
	}
	return side
}
