// Package csvimport reads a CSV file of users. It decides nothing about the
// users that exist already: it says what the file says, and what is wrong with
// it, line by line.
package csvimport

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/postern-sso/postern/internal/model"
)

// Limits of a file.
const (
	MaxBytes = 5 << 20
	MaxRows  = 20_000
)

// TooLarge says that a file has more than MaxBytes.
var TooLarge = fmt.Sprintf("The file is larger than %d MB. Split it into several files.", MaxBytes>>20) //nolint:gochecknoglobals // a constant

// Row is one user of the file, every value in its canonical form and judged.
type Row struct {
	Line        int // in the file, from 1
	Username    string
	Email       string
	DisplayName string
	FirstName   string
	LastName    string
	Active      *bool // nil: the file does not say
	Groups      []string
}

// Problem is what is wrong with one line.
type Problem struct {
	Line int // 0: the file as a whole
	Text string
}

func (p Problem) Error() string {
	if p.Line == 0 {
		return p.Text
	}
	return fmt.Sprintf("line %d: %s", p.Line, p.Text)
}

// File is what a CSV file says.
type File struct {
	Text     string           // in UTF-8
	Asked    string           // the encoding that was guessed; empty: it is sure
	Columns  map[string]bool  // which columns it has: an absent one says nothing about the users
	Header   []string         // as it came
	Cells    map[int][]string // as they came, by line
	Rows     []Row            // the good ones
	Problems []Problem        // in the order of the lines
	Broken   bool             // there is a problem with the whole: no part of it is to be used
}

// Parse reads a file in UTF-8, UTF-16 or Windows-1252 whose cells are separated by
// commas, semicolons or tabs, with any line ends. It reads on after a bad row, so
// that every problem is reported at once. Cells are data whatever they look like:
// nothing in them is evaluated.
func Parse(data []byte) File {
	if text := refuse(data); text != "" {
		return File{Problems: []Problem{{Text: text}}, Broken: true}
	}
	text, asked, ok := decode(data)
	if !ok {
		return File{Problems: []Problem{{Text: "The file is in an encoding that is not known here. Save it again as “CSV UTF-8”."}}, Broken: true}
	}
	r := csv.NewReader(bytes.NewReader(text))
	r.Comma = delimiter(text)
	r.FieldsPerRecord = -1
	r.TrimLeadingSpace = r.Comma != '\t' // a blank before a quote; a tab is a blank, too
	p := parser{reader: r, lines: bytes.Split(text, []byte("\n")), seen: map[string]int{}}
	p.file = File{Text: string(text), Asked: asked, Cells: map[int][]string{}}
	p.run()
	return p.file
}

// refuse says why a file is not read at all; empty when it is.
func refuse(data []byte) string {
	switch {
	case len(data) > MaxBytes:
		return TooLarge
	case len(bytes.TrimSpace(data)) == 0:
		return "There is nothing to import. Choose a file or paste its text."
	case bytes.HasPrefix(data, []byte("PK\x03\x04")), bytes.HasPrefix(data, []byte("\xd0\xcf\x11\xe0")):
		return "This is a spreadsheet, not a CSV file. Save it as “CSV UTF-8” first."
	default:
		return ""
	}
}

// delimiter is what separates the cells: whichever of comma, semicolon and tab
// stands most often in the header. A header names columns only, so none of the
// three can be part of a cell there.
func delimiter(data []byte) rune {
	header, _, _ := bytes.Cut(bytes.TrimLeft(data, "\r\n"), []byte("\n"))
	best, most := ',', 0
	for _, c := range []rune{',', ';', '\t'} {
		if n := bytes.Count(header, []byte(string(c))); n > most {
			best, most = c, n
		}
	}
	return best
}

type parser struct {
	reader  *csv.Reader
	lines   [][]byte
	columns []string       // by position
	seen    map[string]int // line by model.Key of the username
	read    int            // rows so far, good or bad
	file    File
}

func (p *parser) run() {
	for {
		cells, err := p.reader.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		var bad *csv.ParseError
		if errors.As(err, &bad) {
			p.problem(bad.StartLine, quoteProblem(bad))
			p.file.Cells[bad.StartLine] = []string{string(bytes.Join(p.lines[bad.StartLine-1:min(bad.Line, len(p.lines))], []byte("\n")))}
			if p.columns == nil {
				p.file.Broken = true
				return
			}
			continue
		}
		if err != nil { // reading from memory, the reader has no other errors
			p.problem(0, "The file cannot be read: "+err.Error()+".")
			p.file.Broken = true
			return
		}
		line, _ := p.reader.FieldPos(0)
		if p.columns == nil {
			if !p.header(line, cells) {
				p.file.Broken = true
				return
			}
			continue
		}
		if blank(cells) {
			continue
		}
		if p.read++; p.read > MaxRows {
			p.problem(line, "The file has more than "+model.Number(MaxRows)+" users. Split it into several files.")
			p.file.Broken = true
			return
		}
		p.row(line, cells)
	}
	if len(p.file.Rows) == 0 && len(p.file.Problems) == 0 {
		p.problem(0, "The file has a header but no users.")
		p.file.Broken = true
	}
}

func (p *parser) problem(line int, text string) {
	p.file.Problems = append(p.file.Problems, Problem{Line: line, Text: text})
}

func quoteProblem(bad *csv.ParseError) string {
	if errors.Is(bad.Err, csv.ErrBareQuote) {
		return "A double quote stands inside a cell that is not quoted. Quote the whole cell, and double the quote inside it."
	}
	return "A double quote is never closed, or text follows a closing one. Inside a quoted cell, write a double quote twice."
}

// header reads the names of the columns; false when they cannot be used.
func (p *parser) header(line int, cells []string) bool {
	p.file.Columns, p.file.Header = map[string]bool{}, cells
	if !slices.ContainsFunc(cells, func(c string) bool { return ColumnOf(c) != "" }) {
		p.problem(line, "The first line must name the columns, for example: "+strings.Join(Columns, ",")+". Only the username is needed; the order does not matter.")
		return false
	}
	for _, cell := range cells {
		name := ColumnOf(cell)
		switch {
		case Trim(cell) == "":
			// Spreadsheets write empty columns at the end.
		case name == "":
			p.problem(line, fmt.Sprintf("The column “%s” is not known. Known are %s. Rename or remove it.",
				clip(cell), strings.Join(Columns, ", ")))
		case p.file.Columns[name]:
			p.problem(line, fmt.Sprintf("The column “%s” is there twice. Remove one.", name))
		default:
			p.file.Columns[name] = true
		}
		p.columns = append(p.columns, name)
	}
	if !p.file.Columns[ColumnUsername] {
		p.problem(line, "The column “username” is missing. The first line must name the columns, and this one is needed.")
	}
	return len(p.file.Problems) == 0
}

func blank(cells []string) bool {
	return !slices.ContainsFunc(cells, func(c string) bool { return Trim(c) != "" })
}

// row judges one line and keeps it when nothing is wrong with it.
func (p *parser) row(line int, cells []string) {
	p.file.Cells[line] = cells
	if len(cells) > len(p.columns) && !blank(cells[len(p.columns):]) {
		p.problem(line, fmt.Sprintf("This line has %d cells, the header has %d. A cell that contains the separator must be in double quotes.",
			len(cells), len(p.columns)))
		return
	}
	row := Row{Line: line}
	before := len(p.file.Problems)
	for i, name := range p.columns {
		if i < len(cells) && name != "" {
			if text := row.set(name, unguard(Trim(cells[i]))); text != "" {
				p.problem(line, text)
			}
		}
	}
	if row.Username == "" && len(p.file.Problems) == before {
		p.problem(line, "The username is missing.")
	}
	if len(p.file.Problems) > before {
		return
	}
	key := model.Key(row.Username)
	if first, twice := p.seen[key]; twice {
		p.problem(line, fmt.Sprintf("“%s” is already on line %d. Keep one of the two.", row.Username, first))
		return
	}
	p.seen[key] = line
	p.file.Rows = append(p.file.Rows, row)
}

// Aside are the rows that have problems, as they came, with what is wrong.
func (f File) Aside(problems []Problem) []model.JobRow {
	var rows []model.JobRow
	at := map[int]int{}
	for _, p := range problems {
		i, seen := at[p.Line]
		if !seen {
			i = len(rows)
			at[p.Line] = i
			rows = append(rows, model.JobRow{Cells: f.Cells[p.Line]})
		}
		rows[i].Problem = strings.TrimSpace(rows[i].Problem + " " + p.Text)
	}
	return rows
}
