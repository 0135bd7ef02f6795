package awssim

import (
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"
)

// faulty is a message with a fault, and one without from the same simulator.
type faulty struct {
	t           *testing.T
	s           *Simulator
	app         *Application
	first, sent *Message
}

func (f faulty) has(want string) {
	f.t.Helper()
	if !strings.Contains(string(f.sent.XML), want) {
		f.t.Errorf("the message lacks %s\n%.3000s", want, f.sent.XML)
	}
}

func (f faulty) lacks(unwanted string) {
	f.t.Helper()
	if strings.Contains(string(f.sent.XML), unwanted) {
		f.t.Errorf("the message has %s\n%.3000s", unwanted, f.sent.XML)
	}
}

// one returns the only element at a path.
func (f faulty) one(path string) *etree.Element {
	f.t.Helper()
	found := parse(f.t, f.sent.XML).FindElements(path)
	if len(found) != 1 {
		f.t.Fatalf("%d elements %s, want 1\n%.3000s", len(found), path, f.sent.XML)
	}
	return found[0]
}

// signed checks which signatures hold.
func (f faulty) signed(response, assertion bool) {
	f.t.Helper()
	r, a := verify(f.t, f.s, f.app, f.sent.XML)
	if (r == nil) != response || (a == nil) != assertion {
		f.t.Errorf("signature of the response: %v, of the assertion: %v", r, a)
	}
}

const intruderName = ">mallory</saml2:NameID>"

// faultChecks says of each fault what it does to a message.
var faultChecks = map[Fault]func(faulty){
	FaultMalformed: func(f faulty) {
		if err := etree.NewDocument().ReadFromBytes(f.sent.XML); err == nil {
			f.t.Error("the message is well-formed")
		}
	},
	FaultTooLarge: func(f faulty) {
		if n := len(f.sent.XML); n <= 512<<10 || n > tooLarge {
			f.t.Errorf("%d bytes", n)
		}
		if n := len(f.sent.SAMLResponse()); n > 1<<20 {
			f.t.Errorf("%d bytes as base64: a form of 1 MiB does not hold them", n)
		}
		f.signed(true, true)
	},
	FaultDTD: func(f faulty) { f.has(`?><!DOCTYPE saml2p:Response [<!ENTITY `) },
	FaultStatus: func(f faulty) {
		f.has(`status:Responder"><saml2p:StatusCode`)
		f.lacks("<saml2:Assertion")
		f.signed(true, false)
	},
	FaultNoAssertion: func(f faulty) {
		f.has(`status:Success"`)
		f.lacks("<saml2:Assertion")
		f.signed(true, false)
	},
	FaultMultipleAssertions: func(f faulty) {
		found := parse(f.t, f.sent.XML).FindElements("./Assertion")
		if len(found) != 2 {
			f.t.Fatalf("%d assertions", len(found))
		}
		if found[0].FindElement("./Signature") != nil || found[1].FindElement("./Signature") == nil {
			f.t.Error("want the forged assertion unsigned and first, the genuine one signed and last")
		}
		f.has(intruderName)
		f.has(">alice</saml2:NameID>")
	},
	FaultEncrypted: func(f faulty) {
		f.has("<saml2:EncryptedAssertion><xenc:EncryptedData ")
		f.lacks("<saml2:Assertion ")
		f.signed(true, false)
	},
	FaultUnsignedResponse:  func(f faulty) { f.signed(false, true); f.one("//Signature") },
	FaultUnsignedAssertion: func(f faulty) { f.signed(true, false); f.one("//Signature") },
	FaultSignatureInvalid:  func(f faulty) { f.signed(false, false); f.has(intruderName) },
	FaultSignatureAlgorithm: func(f faulty) {
		f.has(`SignatureMethod Algorithm="http://www.w3.org/2000/09/xmldsig#rsa-sha1"`)
		f.has(`DigestMethod Algorithm="http://www.w3.org/2000/09/xmldsig#sha1"`)
		f.lacks("sha256")
		f.signed(true, true)
	},
	FaultCertificateUnknown: func(f faulty) {
		f.signed(false, false)
		own := parse(f.t, f.first.XML).FindElement("//X509Certificate").Text()
		f.lacks(own)
	},
	FaultIssuer: func(f faulty) {
		f.lacks(">" + f.s.IssuerURL(f.app.ID) + "<")
		f.signed(true, true)
	},
	FaultDestination: func(f faulty) {
		f.has(`Destination="https://elsewhere`)
		f.has(`Recipient="` + testACS)
		f.signed(true, true)
	},
	FaultRecipient: func(f faulty) {
		f.has(`Recipient="https://elsewhere`)
		f.has(`Destination="` + testACS)
		f.signed(true, true)
	},
	FaultAudience:    func(f faulty) { f.has("<saml2:Audience>https://elsewhere"); f.signed(true, true) },
	FaultNotYetValid: func(f faulty) { f.has(`NotBefore="2026-03-04T05:21:07.089Z"`); f.signed(true, true) },
	FaultExpired:     func(f faulty) { f.has(`NotOnOrAfter="2026-03-04T04:06:07.089Z"`); f.signed(true, true) },
	FaultConfirmation: func(f faulty) {
		f.has(`Method="urn:oasis:names:tc:SAML:2.0:cm:holder-of-key"`)
		f.lacks("cm:bearer")
	},
	FaultInResponseTo: func(f faulty) {
		f.lacks("_request1")
		if n := strings.Count(string(f.sent.XML), ` InResponseTo="_`); n != 2 {
			f.t.Errorf("%d InResponseTo", n)
		}
	},
	FaultUnsolicited: func(f faulty) { f.lacks("InResponseTo") },
	FaultReplayed: func(f faulty) {
		if string(f.sent.XML) != string(f.first.XML) {
			f.t.Error("it is another message")
		}
	},
	FaultAssertionReused: func(f faulty) {
		before := parse(f.t, f.first.XML)
		if f.one("./Assertion").SelectAttrValue("ID", "") != before.FindElement("./Assertion").SelectAttrValue("ID", "") {
			f.t.Error("the assertion has another ID")
		}
		if parse(f.t, f.sent.XML).SelectAttrValue("ID", "") == before.SelectAttrValue("ID", "") {
			f.t.Error("the response has the same ID")
		}
		f.signed(true, true)
	},
	FaultSubjectMissing: func(f faulty) {
		f.lacks("NameID Format")
		f.one("./Assertion/Subject/SubjectConfirmation")
	},
	FaultAttributeMissing: func(f faulty) { f.has("<saml2:AttributeStatement/>"); f.lacks("xmlns:xsd"); f.signed(true, true) },
	FaultUsernameInvalid:  func(f faulty) { f.has(">a\u200Blice</saml2:NameID>"); f.signed(true, true) },
	FaultNoAccess:         func(faulty) {}, // sends nothing: see TestFaults
	VariationInclusiveNamespaces: func(f faulty) {
		f.has(`<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"><ec:InclusiveNamespaces xmlns:ec="http://www.w3.org/2001/10/xml-exc-c14n#" ` +
			`PrefixList="xsd"/></ds:Transform>`)
		f.signed(true, true)
	},
	VariationNoEncNamespace: func(f faulty) { f.lacks("xmlns:enc"); f.signed(true, true) },
	VariationDualStack: func(f faulty) {
		metadata := string(f.s.Metadata(f.app.ID))
		if !strings.Contains(metadata, `Location="http://localhost:8081/api.aws/saml/assertion/`) ||
			!strings.Contains(metadata, `entityID="https://portal.sso.us-east-1.amazonaws.com/`) {
			f.t.Errorf("metadata\n%s", metadata)
		}
	},
	VariationManyGroups: func(f faulty) {
		if n := len(f.sent.XML); n > maxMessage || n < maxMessage-300 {
			f.t.Errorf("%d characters", n)
		}
		f.signed(true, true)
	},
	VariationAssignedGroups: func(f faulty) {
		f.lacks("64d84438-b0c1-708c-f431-91ece2abb39a")
		f.has("14588468-9051-7063-d632-5c1f3ad7e2b0")
	},
	VariationADGroups: func(f faulty) {
		values := f.one("//Attribute[@Name='groups']").FindElements("./AttributeValue")
		if len(values) != 2 || values[0].Text() == values[1].Text() {
			f.t.Fatalf("%d values", len(values))
		}
		for _, v := range values {
			if !regexp.MustCompile(`^corp\.example\.com//S-1-5-21(-[0-9]+){4}$`).MatchString(v.Text()) {
				f.t.Errorf("group %s", v.Text())
			}
		}
	},
	VariationLegacyDurations: func(f faulty) {
		if n := strings.Count(string(f.sent.XML), `NotOnOrAfter="2026-03-04T09:06:07.089Z"`); n != 3 {
			f.t.Errorf("%d of 3 times follow the session duration", n)
		}
	},
}

func TestFaults(t *testing.T) {
	t.Parallel()
	for _, info := range Faults() {
		t.Run(string(info.Fault), func(t *testing.T) {
			t.Parallel()
			check, ok := faultChecks[info.Fault]
			if !ok || info.Title == "" || info.Sentence == "" {
				t.Fatal("the fault has no test, no title or no sentence")
			}
			s, app := newSim(t)
			if err := s.UpdateApplication(app.ID, func(a *Application) { a.SessionDuration = 4 * time.Hour }); err != nil {
				t.Fatal(err)
			}
			f := faulty{t: t, s: s, app: app, first: signIn(t, s, app, testRequest)}
			if err := s.SetFault(app.ID, info.Fault, On); err != nil {
				t.Fatal(err)
			}
			var err error
			f.sent, err = s.SignIn(app.ID, "alice", testRequest, "")
			if info.Fault == FaultNoAccess {
				var refusal *Refusal
				if !errors.As(err, &refusal) {
					t.Fatalf("error %v, want a refusal", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			check(f)
		})
	}
}

func TestFaultForOneSignIn(t *testing.T) {
	t.Parallel()
	s, app := newSim(t)
	for f, m := range map[Fault]Mode{FaultDestination: Once, FaultRecipient: On} {
		if err := s.SetFault(app.ID, f, m); err != nil {
			t.Fatal(err)
		}
	}
	first, second := string(signIn(t, s, app, "").XML), string(signIn(t, s, app, "").XML)
	if !strings.Contains(first, `Destination="https://elsewhere`) || !strings.Contains(first, `Recipient="https://elsewhere`) {
		t.Errorf("the first message lacks a fault\n%s", first)
	}
	if strings.Contains(second, `Destination="https://elsewhere`) || !strings.Contains(second, `Recipient="https://elsewhere`) {
		t.Errorf("want only the lasting fault in the second message\n%s", second)
	}
	if err := s.SetFault(app.ID, FaultRecipient, Off); err != nil {
		t.Fatal(err)
	}
	if third := string(signIn(t, s, app, "").XML); strings.Contains(third, "elsewhere") {
		t.Errorf("a fault that is off shows\n%s", third)
	}
	if err := s.SetFault(app.ID, "no such fault", On); err == nil {
		t.Error("an unknown fault was accepted")
	}
}

func TestTooManyGroupsForAWS(t *testing.T) {
	t.Parallel()
	s, app := newSim(t)
	if err := s.UpdateSettings(func(c *Settings) {
		for range 300 {
			g := Group{Name: newUUID()}
			c.Groups = append(c.Groups, g)
			c.People[0].Groups = append(c.People[0].Groups, g.Name)
		}
	}); err != nil {
		t.Fatal(err)
	}
	_, err := s.SignIn(app.ID, "alice", "", "")
	var refusal *Refusal
	if !errors.As(err, &refusal) || !strings.Contains(refusal.Why, "50000") {
		t.Errorf("error %v, want AWS to refuse more than 50,000 characters", err)
	}
}
