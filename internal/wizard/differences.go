package wizard

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso"
)

// sameMetadata is said of metadata that is written otherwise and says the same.
const sameMetadata = "AWS's metadata is another text with the same addresses and certificates."

// Same tells whether differences change nothing for anybody.
func Same(differences []string) bool {
	return !slices.ContainsFunc(differences, func(s string) bool { return s != sameMetadata })
}

// Differences puts in words what changes when a connection's configuration
// before gives way to after: one sentence each, in the order of the wizard,
// none when both say the same. The public URL and the slug complete an entity
// ID that is left empty.
func Differences(before, after model.Config, publicURL, slug string, now time.Time) []string {
	d := &differences{}
	d.value("The name", before.Name, after.Name)
	d.list("The application", before.Apps, after.Apps)
	d.value("How users are made", provisioningWords(before.Provisioning), provisioningWords(after.Provisioning))
	d.flag(before.DirectorySynced, after.DirectorySynced, "Users now come from a directory.", "Users no longer come from a directory.")
	d.value("The source of people", before.DirectorySource, after.DirectorySource)
	d.flag(before.DirectoryInApps, after.DirectoryInApps, "The apps read the directory themselves.", "The apps no longer read the directory themselves.")
	if before.EntityID != after.EntityID {
		d.value("The audience", before.EntityIDFor(publicURL, slug), after.EntityIDFor(publicURL, slug))
	}
	d.metadata(before.IdPMetadata, after.IdPMetadata, now)
	d.value("The address of AWS's metadata", before.IdPMetadataURL, after.IdPMetadataURL)
	if before.IdPMetadataURL != "" && before.IdPMetadataURL != after.IdPMetadataURL {
		d.say("If new certificates are trusted without asking, that ends: it was said of the old address. It can be said again, of the new one, under Certificates.")
	}
	d.flag(before.AllowIdPInitiated, after.AllowIdPInitiated,
		"People can now sign in with the tile in the AWS access portal.", "People can no longer sign in with the tile in the AWS access portal.")
	d.value("The NameID format asked for", string(before.NameIDFormat), string(after.NameIDFormat))
	d.value("The clock tolerance", model.Duration(before.ClockSkew), model.Duration(after.ClockSkew))
	d.value("What AWS must sign", signatureWords(before.RequireSignatures), signatureWords(after.RequireSignatures))
	d.attributes(before.Attributes, after.Attributes)
	d.username(before.Username, after.Username)
	d.jit(before.JIT, after.JIT)
	return d.sentences
}

// differences gathers sentences.
type differences struct{ sentences []string }

func (d *differences) say(format string, args ...any) {
	d.sentences = append(d.sentences, fmt.Sprintf(format, args...))
}

func (d *differences) value(what, from, to string) {
	if from != to {
		d.say("%s changes from %s to %s.", what, quoted(from), quoted(to))
	}
}

func (d *differences) flag(was, is bool, on, off string) {
	switch {
	case is && !was:
		d.say("%s", on)
	case was && !is:
		d.say("%s", off)
	}
}

func (d *differences) list(what string, from, to []string) {
	for _, v := range missing(from, to) {
		d.say("%s %s is added.", what, v)
	}
	for _, v := range missing(to, from) {
		d.say("%s %s is removed.", what, v)
	}
}

// missing are the values of some that base lacks.
func missing(base, some []string) []string {
	return slices.DeleteFunc(slices.Clone(some), func(v string) bool { return slices.Contains(base, v) })
}

// metadata compares what AWS's metadata means, not how it is written.
func (d *differences) metadata(from, to string, now time.Time) {
	if from == to {
		return
	}
	said := len(d.sentences)
	// Whether an address of this machine may be used is judged elsewhere.
	o := sso.MetadataOptions{Now: now, AllowLoopbackHTTP: true}
	was, wasErr := sso.ParseMetadata([]byte(from), o)
	is, isErr := sso.ParseMetadata([]byte(to), o)
	switch {
	case to == "":
		d.say("AWS's metadata is removed.")
	case isErr != nil:
		d.say("AWS's metadata changes to one that cannot be used.")
	case from == "" || wasErr != nil:
		d.say("AWS's metadata is added: %s.", is.EntityID)
	default:
		for _, other := range sso.Differences(was, is) {
			d.value("AWS's "+other.Name, other.From, other.To)
		}
		d.list("The AWS certificate", certificates(was), certificates(is))
	}
	if len(d.sentences) == said {
		d.say(sameMetadata)
	}
}

// certificates names each certificate as people compare it.
func certificates(p *sso.IdentityProvider) []string {
	var names []string
	for _, c := range p.Certificates {
		names = append(names, fmt.Sprintf("%s (expires %s)", c.Fingerprint, model.Day(c.NotAfter)))
	}
	return names
}

func (d *differences) attributes(from, to model.AttributeMap) {
	d.value("The attribute for the username", from.Username, to.Username)
	d.value("The attribute for the email", from.Email, to.Email)
	d.value("The attribute for the first name", from.FirstName, to.FirstName)
	d.value("The attribute for the last name", from.LastName, to.LastName)
	d.value("The attribute for the stable id", from.ExternalID, to.ExternalID)
	d.value("The attribute for the AWS groups", from.AWSGroups, to.AWSGroups)
}

func (d *differences) username(from, to model.UsernameRule) {
	d.flag(from.Lowercase, to.Lowercase, "Usernames are now put in lower case.", "Usernames are no longer put in lower case.")
	d.flag(from.StripDomain, to.StripDomain, "Usernames now lose what follows the “@”.", "Usernames now keep what follows the “@”.")
	d.value("The pattern for usernames", from.Pattern, to.Pattern)
	d.value("The replacement for usernames", from.Replace, to.Replace)
}

func (d *differences) jit(from, to model.JITRules) {
	d.flag(from.Create, to.Create, "People who are not known will now be created.", "People who are not known will no longer be created.")
	d.flag(from.Update, to.Update, "Sign-ins now update names and emails.", "Sign-ins no longer update names and emails.")
	if from.ExistingUsername != to.ExistingUsername {
		d.flag(from.ExistingUsername == model.ExistingLink, to.ExistingUsername == model.ExistingLink,
			"Somebody new with the username of a user to whom nobody in AWS is linked is now treated as that user.",
			"Somebody new with the username of a user who is here is now refused, unless an administrator allowed it.")
	}
	was, is := from.AllowedEmailDomains, to.AllowedEmailDomains
	switch {
	case len(was) == 0 && len(is) > 0:
		d.say("Only people from %s may be created.", strings.Join(is, ", "))
	case len(was) > 0 && len(is) == 0:
		d.say("People from every email domain may be created, no longer only those from %s.", strings.Join(was, ", "))
	default:
		for _, domain := range missing(was, is) {
			d.say("People from %s may now be created.", domain)
		}
		for _, domain := range missing(is, was) {
			d.say("People from %s will no longer be created.", domain)
		}
	}
}

// quoted is a value as it stands in a sentence.
func quoted(s string) string {
	if s == "" {
		return "nothing"
	}
	return "“" + s + "”"
}

func provisioningWords(p model.Provisioning) string {
	switch p {
	case model.ProvisioningJIT:
		return "just in time"
	case model.ProvisioningManual:
		return "by hand"
	default:
		return string(p)
	}
}

func signatureWords(s model.SignatureRequirement) string {
	switch s {
	case model.SignaturesBoth:
		return "the response and what it says about the person"
	case model.SignaturesAssertion:
		return "only what it says about the person"
	default:
		return string(s)
	}
}
