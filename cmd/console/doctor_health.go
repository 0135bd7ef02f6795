package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/postern-sso/postern/internal/health"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso"
)

// checkHealth says how each connection and each app does, as the console does.
func checkHealth(ctx context.Context, db *database, connections []model.Connection, now time.Time) []finding {
	evidence, err := db.SignInEvidence(ctx, "", now)
	if err != nil {
		return []finding{{stateFail, "connections", err.Error()}}
	}
	options := sso.MetadataOptions{Now: now, AllowLoopbackHTTP: true}
	var findings []finding
	for _, c := range connections {
		var e model.SignInEvidence
		if at := slices.IndexFunc(evidence, func(e model.SignInEvidence) bool { return e.Connection == c.Slug }); at >= 0 {
			e = evidence[at]
		}
		what := "connection " + c.Name()
		h := health.OfConnection(c, e, health.Metadata{Options: options}, now)
		findings = append(findings, finding{doctorState(h), what, standing(c) + told(h)})
		if c.Live == nil {
			continue
		}
		if idp, err := sso.ParseMetadata([]byte(c.Live.Config.IdPMetadata), options); err == nil {
			for _, cert := range idp.Certificates {
				findings = append(findings, checkCertificate(what, cert, now))
			}
		}
	}
	apps, err := db.AppEvidence(ctx, "")
	if err != nil {
		return append(findings, finding{stateFail, "apps", err.Error()})
	}
	for _, e := range apps {
		h := health.OfApp(e, now)
		findings = append(findings, finding{doctorState(h), "app " + e.App.Name, strings.TrimPrefix(told(h), "; ")})
	}
	return findings
}

// standing is where a connection stands.
func standing(c model.Connection) string {
	if c.Live == nil {
		return "not live yet"
	}
	return fmt.Sprintf("%s, revision %d", c.Status, c.Live.Number)
}

// doctorState is the state of a check. Nothing to judge is no fault; a setup that
// waits for somebody is worth a look.
func doctorState(h health.Health) string {
	switch {
	case h.State == health.Good, h.State == health.None && !slices.ContainsFunc(h.Reasons, func(r health.Reason) bool { return r.Place == health.AtSetup }):
		return stateOK
	case h.State == health.Bad:
		return stateFail
	default:
		return stateWarn
	}
}

// told is the state in words, then every reason with what helps.
func told(h health.Health) string {
	var b strings.Builder
	if h.State != health.None || len(h.Reasons) == 0 {
		b.WriteString("; " + model.LowerFirst(h.Word))
		if !h.At.IsZero() {
			b.WriteString(" " + h.At.UTC().Format(time.RFC3339))
		}
	}
	for _, r := range h.Reasons {
		b.WriteString("; " + r.Title)
		if !r.Since.IsZero() {
			b.WriteString(" (" + r.Since.UTC().Format(time.RFC3339) + ")")
		}
		for _, more := range []string{r.Evidence, r.Cure} {
			if more != "" {
				b.WriteString(". " + strings.TrimSuffix(more, "."))
			}
		}
	}
	return b.String()
}
