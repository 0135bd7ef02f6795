package audit

import (
	"encoding/csv"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/web/kit"
)

// auditColumns is the head of the CSV file. The names are a contract, and those
// of the JSON lines.
var auditColumns = []string{"id", "at", "actor", "address", "action", "object", "before", "after", "note"}

// exportAuditCSV hands out the filtered audit as CSV.
func (rm *Room) exportAuditCSV(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	return rm.exportAudit(w, r, a, "text/csv; charset=utf-8", "csv", func(out io.Writer) func(model.AuditEntry) error {
		lines := csv.NewWriter(out)
		_ = lines.Write(auditColumns) // the writer keeps its error
		lines.Flush()
		return func(e model.AuditEntry) error {
			record := []string{strconv.FormatInt(e.ID, 10), kit.CSVTime(e.At), e.Actor, e.RemoteAddr, e.Action, e.Object, string(e.Before), string(e.After), e.Note}
			for i := range record {
				record[i] = kit.HarmlessCell(record[i])
			}
			if err := lines.Write(record); err != nil {
				return err
			}
			lines.Flush()
			return lines.Error()
		}
	})
}

// exportAuditJSON hands it out as one JSON object a line.
func (rm *Room) exportAuditJSON(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	return rm.exportAudit(w, r, a, "application/jsonl", "jsonl", func(out io.Writer) func(model.AuditEntry) error {
		lines := json.NewEncoder(out)
		return func(e model.AuditEntry) error {
			return lines.Encode(struct {
				ID      int64           `json:"id"`
				At      time.Time       `json:"at"`
				Actor   string          `json:"actor"`
				Address string          `json:"address"`
				Action  string          `json:"action"`
				Object  string          `json:"object"`
				Before  json.RawMessage `json:"before,omitempty"`
				After   json.RawMessage `json:"after,omitempty"`
				Note    string          `json:"note"`
			}{e.ID, e.At.UTC(), e.Actor, e.RemoteAddr, e.Action, e.Object, e.Before, e.After, e.Note})
		}
	})
}

// exportAudit writes the filtered entries page by page, newest first. That
// somebody took them is an entry itself.
func (rm *Room) exportAudit(w http.ResponseWriter, r *http.Request, a model.Administrator, kind, ending string,
	writer func(io.Writer) func(model.AuditEntry) error,
) error {
	if err := rm.Store.RecordAudit(r.Context(), rm.Actor(r, a), "audit.export", ending, kit.Chosen(r)); err != nil {
		return err
	}
	query, _ := rm.auditFilter(r)
	query.Acts = false // a file has every entry
	query.Page = store.Page{Limit: kit.ExportPage}
	entries, next, err := rm.Store.Audit(r.Context(), query)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Disposition", `attachment; filename="audit-`+rm.Now().UTC().Format(time.DateOnly)+"."+ending+`"`)
	write := writer(w)
	for {
		for _, e := range entries {
			if err := write(e); err != nil {
				return nil // the browser is gone
			}
		}
		if next == "" {
			return nil
		}
		query.After = next
		kit.MoreTime(w)
		if entries, next, err = rm.Store.Audit(r.Context(), query); err != nil {
			// Half of the file is out: only breaking off tells the browser.
			rm.Log.ErrorContext(r.Context(), "export broken off", "error", err)
			panic(http.ErrAbortHandler)
		}
	}
}
