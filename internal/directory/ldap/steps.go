package ldap

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"

	"github.com/go-ldap/ldap/v3"

	"github.com/postern-sso/postern/internal/directory"
	"github.com/postern-sso/postern/internal/model"
)

// Tested is what a test of the settings found.
type Tested struct {
	Steps       []directory.Step
	Sample      []model.SourcePerson // people as a run would read them, five at most
	Certificate *Certificate         // the server's, trusted or not; nil: none was seen
	Server      string               // which one, and of which kind; empty: not known
	Remarks     []string
}

// sampleSize is how many people are shown.
const sampleSize = 5

// trial is a test on its way.
type trial struct {
	*session

	tested Tested
	failed *directory.ReadError
}

// Test tries step by step what a run does: reach, TLS, bind, base, one person, one
// group. What comes after a step that failed is skipped. Further servers of the list
// are reached, without the password.
func (r *Reader) Test(ctx context.Context) Tested {
	ctx, cancel := context.WithTimeoutCause(ctx, r.patience.run, errRunTime)
	defer cancel()
	var first *Tested
	for i, address := range r.settings.URLs {
		t := r.try(ctx, address)
		if t.failed == nil || !passing(t.failed.Reason) {
			t.tested.Steps = append(r.others(ctx, r.settings.URLs[:i]), t.tested.Steps...)
			t.tested.Steps = append(t.tested.Steps, r.others(ctx, r.settings.URLs[i+1:])...)
			return t.tested
		}
		if first == nil {
			first = &t.tested
		}
	}
	if len(r.settings.URLs) > 1 {
		first.Steps = append(first.Steps, r.others(ctx, r.settings.URLs[1:])...)
	}
	return *first
}

// others tells of servers that a run would use in the place of the tested one.
func (r *Reader) others(ctx context.Context, addresses []string) []directory.Step {
	var steps []directory.Step
	for _, address := range addresses {
		step := directory.Step{Name: "server", Title: "Another server of the list", State: directory.StepOK}
		at, err := parseTarget(address)
		s := &session{reader: r, at: at}
		if err == nil {
			err = s.reach(ctx)
		}
		if err == nil {
			err = s.secure(ctx)
		}
		s.close()
		step.Detail = address + " answers."
		var failure *directory.ReadError
		if errors.As(err, &failure) {
			step.State, step.Detail, step.Remedy = directory.StepFailed, failure.Detail, failure.Remedy
		}
		steps = append(steps, step)
	}
	return steps
}

func (r *Reader) try(ctx context.Context, address string) *trial {
	t := &trial{session: &session{reader: r}}
	defer func() { t.close() }()
	at, err := parseTarget(address)
	if err == nil {
		err = r.ready()
	}
	t.at = at
	for _, step := range []struct {
		name, title string
		do          func(context.Context) (string, error)
	}{
		{"reach", "Reach the server", t.tryReach},
		{"tls", "Encrypt the connection", t.tryTLS},
		{"bind", "Sign in with the account", t.tryBind},
		{"base", "Find the base", t.tryBase},
		{"person", "Read a person", t.tryPerson},
		{"group", "Read a group", t.tryGroup},
	} {
		s := directory.Step{Name: step.name, Title: step.title, State: directory.StepSkipped}
		if t.failed == nil {
			s.State = directory.StepOK
			if err == nil {
				s.Detail, err = step.do(ctx)
			}
			if errors.As(err, &t.failed) {
				s.State, s.Detail, s.Remedy = directory.StepFailed, t.failed.Detail, t.failed.Remedy
				errors.As(err, &t.tested.Certificate)
			}
		}
		t.tested.Steps = append(t.tested.Steps, s)
	}
	t.tested.Remarks = t.remarks
	return t
}

func (t *trial) tryReach(ctx context.Context) (string, error) {
	return t.at.address() + " answers.", t.reach(ctx)
}

func (t *trial) tryTLS(ctx context.Context) (string, error) {
	if err := t.secure(ctx); err != nil {
		return "", err
	}
	if t.tls == nil {
		return "The connection is not encrypted, as the settings allow. The password and the people can be read on the way.", nil
	}
	leaf := newCertificate(t.tls.PeerCertificates[0], nil)
	t.tested.Certificate = leaf
	return fmt.Sprintf("%s. The certificate is for %s and valid until %s.", tls.VersionName(t.tls.Version), certifiedNames(t.tls.PeerCertificates[0]),
		model.Day(leaf.NotAfter)), nil
}

func (t *trial) tryBind(ctx context.Context) (string, error) {
	return "The server accepts " + model.FitText(t.reader.settings.BindDN, maxSaid) + ".", t.bind(ctx)
}

// tryBase also says what the server is.
func (t *trial) tryBase(ctx context.Context) (string, error) {
	if err := t.know(ctx); err != nil {
		return "", err
	}
	t.tested.Server = t.server()
	for _, base := range []string{t.layout.peopleBase, t.layout.groupsBase} {
		request := ldap.NewSearchRequest(base, ldap.ScopeBaseObject, ldap.NeverDerefAliases, 0, 0, false, "(objectClass=*)", []string{"1.1"}, nil)
		result, err := t.ask(ctx, request)
		if err != nil {
			return "", t.session.failed("looking for "+shown(base), err)
		}
		if len(result.Entries) == 0 {
			return "", t.refused("looking for "+shown(base), &ldap.Error{ResultCode: ldap.LDAPResultNoSuchObject})
		}
	}
	where := fmt.Sprintf("People and groups are read below %s.", shown(t.layout.peopleBase))
	if t.layout.peopleBase != t.layout.groupsBase {
		where = fmt.Sprintf("People are read below %s, groups below %s.", shown(t.layout.peopleBase), shown(t.layout.groupsBase))
	}
	return fmt.Sprintf("The server is %s. %s", t.layout.kind, where), nil
}

func (t *trial) tryPerson(ctx context.Context) (string, error) {
	q := query{what: "reading people", base: t.layout.peopleBase, filter: t.layout.people, attributes: t.personAttributes(), page: sampleSize, first: sampleSize}
	err := t.search(ctx, q, func(e entry) error { t.tested.Sample = append(t.tested.Sample, t.person(e, &odd{})); return nil }, func() {})
	if err != nil {
		return "", err
	}
	if len(t.tested.Sample) == 0 {
		return "", &directory.ReadError{Reason: "empty_result", Remedy: "Check base and filter, and that the account may read people.",
			Detail: fmt.Sprintf("Nobody is found below %s with the filter %s.", shown(q.base), model.FitText(q.filter, maxSaid))}
	}
	mails := 0
	for _, p := range t.tested.Sample {
		switch {
		case p.StableID == "":
			return "", t.lacks("permanent id", t.personID())
		case p.Username == "":
			return "", t.lacks("username", t.layout.username)
		case p.Email != "":
			mails++
		}
	}
	detail := fmt.Sprintf("%s shown as a run would read them.", model.Count(len(t.tested.Sample), "person is", "people are"))
	if mails == 0 {
		detail += " None of them has an email address in " + t.layout.email[0] + "."
	}
	return detail, nil
}

func (t *trial) lacks(what, attribute string) error {
	return &directory.ReadError{Reason: "no_attribute", Detail: fmt.Sprintf("At least one of the people has no %s: no value of %s was given.", what, attribute),
		Remedy: "Check the name of the attribute, and that the account may read it. A filter can leave such entries out."}
}

func (t *trial) tryGroup(ctx context.Context) (detail string, err error) {
	q := query{what: "reading groups", base: t.layout.groupsBase, filter: t.layout.groups, attributes: t.groupAttributes(), page: 1, first: 1}
	err = t.search(ctx, q, func(e entry) error {
		members, err := t.members(ctx, e)
		named := len(members) + len(e.all("memberUid"))
		detail = fmt.Sprintf("The group “%s” names %s.", t.group(e).Name, model.Count(named, "member", "members"))
		return err
	}, func() {})
	if err == nil && detail == "" {
		err = &directory.ReadError{Reason: "no_groups", Remedy: "Check base and filter of the groups, and that the account may read them.",
			Detail: fmt.Sprintf("No group is found below %s with the filter %s.", shown(q.base), model.FitText(q.filter, maxSaid))}
	}
	return detail, err
}
