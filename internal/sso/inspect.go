package sso

import (
	"bytes"
	"time"

	"github.com/postern-sso/postern/internal/model"
)

// InspectOptions say how a response is judged that signs nobody in.
type InspectOptions struct {
	Metadata          *IdentityProvider
	Now               time.Time
	EntityID          string // empty: the audience is not compared, and the check says so
	ACSURL            string // empty: likewise for destination and recipient
	RequestID         string // empty: any request, or none
	RequireSignatures model.SignatureRequirement
	ClockSkew         time.Duration
	Config            *model.Config // where given, the attributes are mapped too
}

// Verdict is the judgement on one response. The JSON names are a contract.
type Verdict struct {
	Verdict  string         `json:"verdict"`  // accepted or refused
	Accepted bool           `json:"accepted"` // the same, for scripts
	NameID   string         `json:"name_id"`
	Code     model.Code     `json:"code"` // empty when accepted
	Cause    model.Cause    `json:"cause,omitempty"`
	Refusal  *model.Refusal `json:"refusal,omitempty"`
	Checks   []model.Check  `json:"checks"`

	Unsolicited bool          `json:"-"` // AWS started it; whether a connection allows that is not judged
	Identity    *Identity     `json:"-"`
	Person      *model.Person `json:"-"`
}

// Inspect judges a response as a login would, but for what only a login knows:
// the browser, and whether the answer was used before. The response is XML or
// base64, or wrapped as Unwrap knows.
func Inspect(input []byte, o InspectOptions) Verdict {
	v := Verdict{Verdict: "refused"}
	data := Unwrap(input)
	if !bytes.HasPrefix(data, []byte("<")) {
		decoded, refusal := DecodeResponse(string(data))
		if refusal != nil {
			v.Checks = titled([]model.Check{failed("form", refusal)})
			return v.refused(refusal)
		}
		data = decoded
	}
	m, checks, refusal := Open(data, Trust{Certificates: o.Metadata.Certificates, RequireSignatures: o.RequireSignatures, IdPEntityID: o.Metadata.EntityID})
	v.Checks = checks
	if refusal != nil {
		return v.refused(refusal)
	}
	expect := Expectations{
		EntityID: o.EntityID, ACSURL: o.ACSURL, IdPEntityID: o.Metadata.EntityID, Now: o.Now, ClockSkew: o.ClockSkew,
		AllowUnsolicited: true, AnyRequest: o.RequestID == "" && m.InResponseTo != "",
	}
	if o.RequestID != "" {
		expect.Request, expect.AllowUnsolicited = &PendingRequest{ID: o.RequestID}, false
	}
	identity, checks, refusal := m.Judge(expect)
	v.Checks = append(v.Checks, checks...)
	v.NameID, v.Unsolicited = m.parsed.nameID, m.InResponseTo == ""
	if refusal != nil {
		return v.refused(refusal)
	}
	v.Identity = identity
	if o.Config != nil {
		p, checks, refusal := MapAttributes(*o.Config, identity)
		v.Checks, v.Person = append(v.Checks, checks...), &p
		if refusal != nil {
			return v.refused(refusal)
		}
	}
	v.Verdict, v.Accepted = "accepted", true
	return v
}

func (v Verdict) refused(r *model.Refusal) Verdict {
	v.Code, v.Cause, v.Refusal = r.Code, r.Cause, r
	if v.Checks == nil {
		v.Checks = []model.Check{}
	}
	return v
}
