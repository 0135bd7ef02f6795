package warnings

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/templates/ui"
	"github.com/postern-sso/postern/web/kit"
	"github.com/postern-sso/postern/web/trust"
)

// notice is something that somebody should know without looking.
type notice struct {
	Key     string `json:"key"` // what and how urgent: it is told once
	Subject string `json:"subject"`
	Text    string `json:"text"`
	Link    string `json:"link"`
}

// warnDays are the days before the end of a certificate on which it is told.
var warnDays = []int{90, 30, 7, 0}

// Warn tells what is due by every way that is set up. Any number of processes
// may call it: each notice is delivered by one.
func (rm *Room) Warn(ctx context.Context) error {
	to, err := rm.Store.Warnings(ctx)
	if err == nil {
		err = rm.sealOldWebhook(ctx, to)
	}
	if err != nil || (to.SMTPHost == "" && to.WebhookShown == "") {
		return err
	}
	due, err := rm.dueNotices(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for _, n := range due {
		if to.SMTPHost != "" {
			errs = append(errs, rm.Tell(ctx, to, n, model.ChannelMail))
		}
		if to.WebhookShown != "" {
			errs = append(errs, rm.Tell(ctx, to, n, model.ChannelWebhook))
		}
	}
	return errors.Join(append(errs, rm.tellOfLeavers(ctx, to), rm.tellOfFailures(ctx, to))...)
}

// undelivered begins the key of a notice about a way by which others do not
// arrive.
const undelivered = "undelivered/"

// tellOfFailures tells by the other way that notices do not arrive by one.
func (rm *Room) tellOfFailures(ctx context.Context, to model.Warnings) error {
	failures, err := rm.Store.NoticeFailures(ctx)
	if err != nil {
		return err
	}
	var still []string
	var errs []error
	for _, way := range []struct {
		channel, other, word string
		set                  bool // the other way
	}{
		{model.ChannelMail, model.ChannelWebhook, "mail", to.WebhookShown != ""},
		{model.ChannelWebhook, model.ChannelMail, "webhook", to.SMTPHost != ""},
	} {
		problem := ""
		for _, f := range failures {
			if f.Channel == way.channel && !strings.HasPrefix(f.Key, undelivered) {
				problem = f.Problem
			}
		}
		if problem == "" {
			continue
		}
		n := notice{Key: undelivered + way.channel, Subject: "Warnings do not arrive by " + way.word, Text: problem, Link: rm.Opts.PublicURL + paths.Warnings}
		if still = append(still, n.Key); way.set {
			errs = append(errs, rm.Tell(ctx, to, n, way.other))
		}
	}
	return errors.Join(append(errs, rm.Store.ForgetNotices(ctx, undelivered, still))...)
}

// Tell delivers a notice by one way, unless that was done or is not due.
func (rm *Room) Tell(ctx context.Context, to model.Warnings, n notice, channel string) error {
	claimed, err := rm.Store.ClaimNotice(ctx, n.Key, channel, rm.Now())
	if err != nil || !claimed {
		return err
	}
	problem := ""
	if err := rm.deliver(ctx, to, n, channel); err != nil {
		problem = deliveryProblem(to, channel, err)
		rm.Log.WarnContext(ctx, "notice not delivered; tried again later", "notice", n.Key, "channel", channel, "error", err)
	}
	return rm.Store.FinishNotice(ctx, n.Key, channel, rm.Now(), problem)
}

// dueNotices is everything that somebody should know now. What is over is
// forgotten, so that it is told again should it happen again.
func (rm *Room) dueNotices(ctx context.Context) ([]notice, error) {
	connections, err := rm.Store.Connections(ctx)
	if err != nil {
		return nil, err
	}
	var due []notice
	var failing []string
	for _, c := range connections {
		if c.Live == nil {
			continue
		}
		idp, err := rm.IdentityProvider(c.Live)
		if err != nil {
			continue // the overview says that
		}
		if n, found := rm.expiryNotice(c, idp); found {
			due = append(due, n)
		}
		check, err := rm.Store.MetadataCheck(ctx, c.ID)
		if err != nil {
			return nil, err
		}
		change, err := trust.With(rm.Kit).Change(ctx, c, check)
		if err != nil {
			return nil, err
		}
		if n, found := rm.newCertificateNotice(c, change); found {
			due = append(due, n)
		}
		if need, found := trust.MetadataNeed(c, check); found {
			key := "refresh_failing/" + c.Slug
			failing = append(failing, key)
			due = append(due, rm.aboutCertificates(c, key, "AWS's metadata for "+c.Name()+" cannot be fetched", need.Text))
		}
	}
	if err := rm.Store.ForgetNotices(ctx, "refresh_failing/", failing); err != nil {
		return nil, err
	}
	ofBackups, err := rm.backupNotices(ctx)
	if err != nil {
		return nil, err
	}
	ofSources, err := rm.sourceNotices(ctx)
	return append(append(due, ofBackups...), ofSources...), err
}

// backupsFailing is the key of the notice about backups.
const backupsFailing = "backups_failing"

// backupNotices tells of backups that cannot be made, once until one is made again. A
// process that makes none knows nothing of them.
func (rm *Room) backupNotices(ctx context.Context) ([]notice, error) {
	state, makes := rm.Opts.Backups.State()
	if !makes {
		return nil, nil
	}
	if state.Words() == "" {
		return nil, rm.Store.ForgetNotices(ctx, backupsFailing, []string{})
	}
	return []notice{{Key: backupsFailing, Subject: "Backups cannot be made", Text: state.Words(), Link: rm.Opts.PublicURL + paths.Overview}}, nil
}

// newCertificateNotice is about certificates that are there and not trusted.
func (rm *Room) newCertificateNotice(c model.Connection, change sso.CertificateChange) (notice, bool) {
	key := "certificate_offered/" + c.Slug + "/" + trust.FingerprintsOf(change.Waiting)
	switch {
	case change.Refusing:
		return rm.aboutCertificates(c, key+"/refusing", "AWS signs for "+c.Name()+" with a certificate that is not trusted",
			trust.RefusingWords(c.Name(), change)), true
	case len(change.Waiting) > 0:
		return rm.aboutCertificates(c, key, "AWS has a new certificate for "+c.Name(), trust.WaitingWords(c.Name(), change)), true
	}
	return notice{}, false
}

// expiryNotice is about the certificate that lasts longest: while a later one is
// trusted, the end of an earlier one stops nobody.
func (rm *Room) expiryNotice(c model.Connection, idp *sso.IdentityProvider) (notice, bool) {
	last := idp.Certificates[0]
	for _, cert := range idp.Certificates {
		if cert.NotAfter.After(last.NotAfter) {
			last = cert
		}
	}
	left := last.NotAfter.Sub(rm.Now())
	reached := -1
	for _, days := range warnDays { // the most urgent one that is reached
		if left <= time.Duration(days)*kit.Day {
			reached = days
		}
	}
	if reached < 0 {
		return notice{}, false
	}
	key := "certificate_expires/" + c.Slug + "/" + last.Fingerprint + "/" + strconv.Itoa(reached)
	const do = " In AWS: the application, Actions, Edit configuration, Manage certificate, Generate new certificate. Download its file and bring it here, then " +
		"set it as active in AWS."
	end := model.Day(last.NotAfter)
	if reached == 0 {
		return rm.aboutCertificates(c, key, "AWS's certificate for "+c.Name()+" has ended",
			"It ended on "+end+". Sign-in goes on as long as AWS goes on signing with it."+do), true
	}
	return rm.aboutCertificates(c, key, fmt.Sprintf("AWS's certificate for %s ends in %s", c.Name(), ui.Count(int(left/kit.Day), "day", "days")),
		"It ends on "+end+"."+do), true
}

func (rm *Room) aboutCertificates(c model.Connection, key, subject, text string) notice {
	return notice{Key: key, Subject: subject, Text: text, Link: rm.Opts.PublicURL + paths.Certificates(c.Slug)}
}
