package trust_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso"
	"github.com/postern-sso/postern/web/trust"
)

func TestCertificateNeed(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 14, 0, 0, 0, time.UTC)
	certificate := func(days ...int) sso.CertificateChange {
		f := sso.ChangeFacts{Now: now}
		for i, d := range days {
			f.Trusted = append(f.Trusted, sso.Certificate{Fingerprint: strconv.Itoa(i), NotBefore: now.AddDate(0, 0, i-9), NotAfter: now.AddDate(0, 0, d)})
		}
		return sso.JudgeChange(f)
	}
	changing := func(f sso.ChangeFacts) sso.CertificateChange {
		f.Now, f.Trusted = now, []sso.Certificate{{Fingerprint: "old", NotAfter: now.AddDate(0, 0, 30)},
			{Fingerprint: "new", NotBefore: now.AddDate(0, 0, -20), NotAfter: now.AddDate(5, 0, 0)}}
		return sso.JudgeChange(f)
	}
	seen := func(print string, days int) model.CertificateUse {
		return model.CertificateUse{Fingerprint: print, FirstAt: now.AddDate(0, 0, -days), LastAt: now.AddDate(0, 0, -days)}
	}
	other := []sso.Certificate{{Fingerprint: "other", NotAfter: now.AddDate(5, 0, 0)}}
	shown := model.MetadataCheck{CheckedAt: now, Shown: []string{"other"}, ShownSince: time.Date(2026, 11, 23, 10, 31, 0, 0, time.UTC)}
	tests := map[string]struct {
		change sso.CertificateChange
		want   string // of the first; empty: nothing
		urgent bool
	}{
		"all is well":         {certificate(400), "", false},
		"a later one":         {certificate(3, 400), "", false},
		"ends soon":           {certificate(40), "ends in 40 days", false},
		"ends very soon":      {certificate(3), "ends in 3 days", true},
		"has ended":           {certificate(-1), "has ended", true},
		"waits to be trusted": {changing(sso.ChangeFacts{Proposed: other}), "waits for you: compare it", true},
		"AWS signs with another": {changing(sso.ChangeFacts{Offered: other, Check: shown}), "since 23 November 2026, 10:31 UTC. Whoever signs in next",
			true},
		"and people are refused": {changing(sso.ChangeFacts{Offered: other, Check: shown, Uses: []model.CertificateUse{{Fingerprint: "other", Refused: 2,
			RefusedFirstAt: shown.ShownSince.Add(-6 * time.Minute), RefusedLastAt: now}}}),
			"since 23 November 2026, 10:25 UTC; people are being refused: 2 answers", true},
		"the new one is not active": {changing(sso.ChangeFacts{Uses: []model.CertificateUse{seen("old", 0)}}), "AWS still signs with the one that ends on", false},
		"the old one is in use":     {changing(sso.ChangeFacts{Uses: []model.CertificateUse{seen("old", 6), seen("new", 0)}}), "", false},
		"the old one is quiet": {changing(sso.ChangeFacts{Uses: []model.CertificateUse{seen("old", 9), seen("new", 8)}}),
			"Nobody has signed in with the old", false},
	}
	for name, tt := range tests {
		got, found := trust.CertificateNeed("aws", "aws", tt.change, now)
		if found != (tt.want != "") || !strings.Contains(got.Text, tt.want) || got.Urgent != tt.urgent {
			t.Errorf("%s: needs %+v, want %q", name, got, tt.want)
		}
	}
}
