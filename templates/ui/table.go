package ui

import "github.com/a-h/templ"

// TableOf is what a table shows: one row for each value, one cell for each
// column. A column has its head and its cells in one place, so that no cell can
// stand under another's head, and so that on narrow screens, where rows become
// cards, each cell can say what it is without the head being written again.
type TableOf[T any] struct {
	Caption string // says what is listed, newest first or by what; read aloud only, unless it is to be seen
	Seen    bool   // the caption is seen
	Place   TablePlace
	Compact bool           // a few short columns, which fit a narrow screen: rows never become cards
	Scrolls bool           // nothing in it takes the focus, so the table itself does: for scrolling by keyboard
	Tick    func(T) string // value of the checkbox “ticked” at the start of a row; nil: rows cannot be chosen
	Columns []Column[T]
	Rows    []T
}

// Column is one column: its head, and what it shows of a row.
type Column[T any] struct {
	Head    string
	Quiet   bool     // the head is read aloud only, and cards do not repeat it: the cells say themselves what they are
	Sort    SortLink // where the list can be sorted by it; its label goes before Head
	Names   bool     // the cell names its row: cards begin with it, without a label
	Heading bool     // the cell is the head of its row
	Text    func(T) string
	Cell    func(T) templ.Component // in place of Text, where text does not do
}

// SortLink is the head of a column by which the list can be sorted.
type SortLink struct {
	Label string
	Href  string // sorts by this column, or turns the order round
	Order string // ascending, descending; empty: the list is sorted by another column
}

// TablePlace is where a table stands, which decides the space around it.
type TablePlace int

// The places.
const (
	OwnCard TablePlace = iota // in a card that has nothing else
	InCard                    // from edge to edge of the card that is around it
	InText                    // among paragraphs
)

func (c Column[T]) head() string {
	if c.Sort.Href != "" {
		return c.Sort.Label
	}
	return c.Head
}

// label is what a cell says of itself in a card; empty: nothing.
func (c Column[T]) label() string {
	if c.Names || c.Heading || c.Quiet {
		return ""
	}
	return c.head()
}

func (c Column[T]) cell(row T) templ.Component {
	if c.Cell != nil {
		return c.Cell(row)
	}
	return text(c.Text(row))
}
