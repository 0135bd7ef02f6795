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
	"unicode/utf8"

	"github.com/postern-sso/postern/internal/model"
)

// Limits of a file.
const (
	MaxBytes = 5 << 20
	MaxRows  = 20_000
)

// Columns are the names a header may have, in the order of the documentation.
// Only the username is required; the order in the file does not matter.
var Columns = []string{
	ColumnUsername, ColumnEmail, ColumnDisplayName, ColumnFirstName, ColumnLastName, ColumnActive, ColumnGroups,
}

// Names of the columns.
const (
	ColumnUsername    = "username"
	ColumnEmail       = "email"
	ColumnDisplayName = "display_name"
	ColumnFirstName   = "first_name"
	ColumnLastName    = "last_name"
	ColumnActive      = "active"
	ColumnGroups      = "groups"
)

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
	Columns  map[string]bool // which columns it has: an absent one says nothing about the users
	Rows     []Row           // the good ones
	Problems []Problem       // in the order of the lines
}

// Parse reads a file in UTF-8, with or without a byte order mark, whose cells
// are separated by commas, semicolons or tabs. It reads on after a bad row, so
// that every problem is reported at once. Cells are data whatever they look
// like: nothing in them is evaluated.
func Parse(data []byte) File {
	if text := refuse(data); text != "" {
		return File{Problems: []Problem{{Text: text}}}
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))

	r := csv.NewReader(bytes.NewReader(data))
	r.Comma = delimiter(data)
	r.FieldsPerRecord = -1
	p := parser{reader: r, seen: map[string]int{}}
	p.run()
	return p.file
}

// refuse says why a file is not read at all; empty when it is.
func refuse(data []byte) string {
	switch {
	case len(data) > MaxBytes:
		return fmt.Sprintf("The file is larger than %d MB. Split it into several files.", MaxBytes>>20)
	case len(bytes.TrimSpace(data)) == 0:
		return "There is nothing to import. Choose a file or paste its text."
	case bytes.HasPrefix(data, []byte{0xff, 0xfe}), bytes.HasPrefix(data, []byte{0xfe, 0xff}):
		return "The file is in UTF-16. Save it again as “CSV UTF-8”."
	case bytes.HasPrefix(data, []byte("PK\x03\x04")):
		return "This is a spreadsheet, not a CSV file. Save it as “CSV UTF-8” first."
	case !utf8.Valid(data):
		return "The file is not in UTF-8, so letters with accents cannot be read. Save it again as “CSV UTF-8”."
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
			if p.columns == nil {
				return
			}
			continue
		}
		if err != nil { // reading from memory, the reader has no other errors
			p.problem(0, "The file cannot be read: "+err.Error()+".")
			return
		}
		line, _ := p.reader.FieldPos(0)
		if p.columns == nil {
			if !p.header(line, cells) {
				return
			}
			continue
		}
		if blank(cells) {
			continue
		}
		if p.read++; p.read > MaxRows {
			p.problem(line, fmt.Sprintf("The file has more than %d users. Split it into several files.", MaxRows))
			return
		}
		p.row(line, cells)
	}
	if len(p.file.Rows) == 0 && len(p.file.Problems) == 0 {
		p.problem(0, "The file has a header but no users.")
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
	known := map[string]bool{}
	for _, c := range Columns {
		known[c] = true
	}
	p.file.Columns = map[string]bool{}
	if !slices.ContainsFunc(cells, func(c string) bool { return known[columnName(c)] }) {
		p.problem(line, "The first line must name the columns, for example: "+strings.Join(Columns, ",")+". Only the username is needed; the order does not matter.")
		return false
	}
	for _, cell := range cells {
		name := columnName(cell)
		switch {
		case name == "":
			// Spreadsheets write empty columns at the end.
		case !known[name]:
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

// columnName forgives "Display Name" and "first-name".
func columnName(cell string) string {
	return strings.NewReplacer(" ", "_", "-", "_").Replace(strings.ToLower(strings.TrimSpace(cell)))
}

func blank(cells []string) bool {
	for _, c := range cells {
		if strings.TrimSpace(c) != "" {
			return false
		}
	}
	return true
}

// row judges one line and keeps it when nothing is wrong with it.
func (p *parser) row(line int, cells []string) {
	if len(cells) > len(p.columns) && !blank(cells[len(p.columns):]) {
		p.problem(line, fmt.Sprintf("This line has %d cells, the header has %d. A cell that contains the separator must be in double quotes.",
			len(cells), len(p.columns)))
		return
	}
	row := Row{Line: line}
	before := len(p.file.Problems)
	for i, name := range p.columns {
		if i < len(cells) && name != "" {
			if text := row.set(name, unguard(cells[i])); text != "" {
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
