package csvimport

import (
	"bytes"
	"encoding/csv"
	"strings"

	"github.com/postern-sso/postern/internal/model"
)

// Mend writes rows that were not imported as a CSV file to mend and import again:
// as they came, with what is wrong in a column of its own. header is that of the
// file that they came with; without one, the columns are ours.
func Mend(header []string, rows []model.JobRow) []byte {
	if len(header) == 0 {
		header = Columns
	}
	var columns []int // those that are kept; an earlier problem is not
	var line []string
	for i, name := range header {
		if ColumnOf(name) != ColumnProblem {
			columns, line = append(columns, i), append(line, Guard(name))
		}
	}
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	_ = w.Write(append(line, ColumnProblem)) // the buffer takes everything, here and below
	for _, row := range rows {
		cells := row.Cells
		if cells == nil {
			cells = cellsOf(header, row)
		}
		line := make([]string, 0, len(columns)+1)
		for _, i := range columns {
			cell := ""
			if i < len(cells) {
				cell = Guard(unguard(cells[i]))
			}
			line = append(line, cell)
		}
		_ = w.Write(append(line, Guard(row.Problem)))
	}
	w.Flush()
	return out.Bytes()
}

// cellsOf writes a row that was read into the columns of a header.
func cellsOf(header []string, row model.JobRow) []string {
	values := map[string]string{ColumnUsername: row.User.Username, ColumnEmail: row.User.Email, ColumnDisplayName: row.User.DisplayName,
		ColumnFirstName: row.User.FirstName, ColumnLastName: row.User.LastName, ColumnGroups: strings.Join(row.Groups, ";")}
	cells := make([]string, len(header))
	for i, name := range header {
		cells[i] = values[ColumnOf(name)]
	}
	return cells
}
