package forecast

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/postern-sso/postern/internal/forecast"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/web/kit"
)

// WriteForecasts is the forecast of everybody known, as CSV. The names of the
// columns are a contract.
func (lf Forecasts) WriteForecasts(w http.ResponseWriter, r *http.Request, a model.Administrator, c model.Connection, next *model.Revision) error {
	if _, err := lf.kit.IdentityProvider(next); err != nil {
		return ErrUnusableMetadata
	}
	if err := lf.Store.RecordAudit(r.Context(), lf.kit.Actor(r, a), "user.export", "users",
		fmt.Sprintf("who gets in through %s with revision %d", c.Slug, next.Number)); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", fmt.Sprintf(`attachment; filename="who-gets-in-%s-%d.csv"`, c.Slug, next.Number))
	out := csv.NewWriter(w)
	if err := out.Write([]string{"username", "display_name", "email", "active", "today", "afterwards", "reason_code", "locked_out",
		"username_afterwards", "groups_gained", "groups_lost"}); err != nil {
		return nil // the browser is gone
	}
	err := lf.Each(r.Context(), c, next, func(f forecast.Forecast) error {
		record := []string{f.User.Username, f.User.DisplayName, f.User.Email, strconv.FormatBool(f.User.Active),
			f.Today.Words(), f.Then.Words(), string(f.Then.Code), strconv.FormatBool(f.Lost()),
			f.Then.Renamed, strings.Join(f.Gains, ", "), strings.Join(f.Loses, ", ")}
		for i := range record {
			record[i] = kit.HarmlessCell(record[i])
		}
		return out.Write(record)
	})
	if err != nil {
		// Half of the file is out: only breaking off tells the browser.
		lf.kit.Log.ErrorContext(r.Context(), "list broken off", "error", err)
		panic(http.ErrAbortHandler)
	}
	out.Flush()
	return nil
}
