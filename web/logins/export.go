package logins

import (
	"encoding/csv"
	"net/http"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/web/kit"
	"github.com/postern-sso/postern/web/traces"
)

// Limits of an export.
const (
	exportRows = 100_000
)

// loginColumns is the head of the file. The names are a contract.
var loginColumns = []string{"reference", "started_at", "finished_at", "connection", "username", "name_id", "outcome",
	"reason_code", "reason", "who_can_fix_it", "test", "started_by", "address"}

// exportLogins hands out the filtered list as CSV, page by page: the newest
// 100,000 at most. That somebody took them is in the audit.
func (rm *Room) exportLogins(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	if err := rm.Store.RecordAudit(r.Context(), rm.Actor(r, a), "login.export", "logins.csv", kit.Chosen(r)); err != nil {
		return err
	}
	query, _, _ := loginFilter(r, rm.Now())
	query.Page = store.Page{Limit: kit.ExportPage}
	logins, next, err := rm.Store.Logins(r.Context(), query)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="logins-`+rm.Now().UTC().Format(time.DateOnly)+`.csv"`)
	out := csv.NewWriter(w)
	if err := out.Write(loginColumns); err != nil {
		return nil // the browser is gone
	}
	for rows := 0; ; {
		for _, l := range logins {
			if err := out.Write(rm.loginRecord(l)); err != nil {
				return nil // likewise
			}
		}
		if rows += len(logins); next == "" || rows >= exportRows {
			break
		}
		query.After = next
		kit.MoreTime(w)
		if logins, next, err = rm.Store.Logins(r.Context(), query); err != nil {
			// Half of the file is out: only breaking off tells the browser.
			rm.Log.ErrorContext(r.Context(), "export broken off", "error", err)
			panic(http.ErrAbortHandler)
		}
	}
	out.Flush()
	return nil
}

func (rm *Room) loginRecord(l model.Login) []string {
	reason, who := "", ""
	code := l.Code(rm.Now())
	if code != "" {
		reason, who = sso.Explain(code).Title, traces.CauseOf(code, l.Refusal).Who
	}
	test, by := "no", "Postern"
	if l.Test {
		test = "yes"
	}
	if l.Unsolicited {
		by = "AWS"
	}
	record := []string{l.ID, kit.CSVTime(l.StartedAt), kit.CSVTime(l.FinishedAt), l.Connection, l.Username, l.NameID, string(l.Outcome),
		string(code), reason, who, test, by, l.RemoteAddr}
	for i := range record {
		record[i] = kit.HarmlessCell(record[i])
	}
	return record
}
