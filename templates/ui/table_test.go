package ui

import (
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/a-h/templ"
)

type fruit struct{ name, color string }

func fruits(rows ...fruit) TableOf[fruit] {
	return TableOf[fruit]{Caption: "Fruits", Rows: rows, Columns: []Column[fruit]{
		{Sort: SortLink{Label: "Name", Href: "/fruits?sort=-name", Order: "ascending"}, Names: true, Text: func(f fruit) string { return f.name }},
		{Sort: SortLink{Label: "Ripe", Href: "/fruits?sort=ripe"}, Text: func(fruit) string { return "yes" }},
		{Head: "Color", Cell: func(f fruit) templ.Component { return Badge("gray", f.color) }},
		{Head: "Action", Quiet: true, Cell: func(fruit) templ.Component { return templ.NopComponent }},
	}}
}

func showTable(t *testing.T, table TableOf[fruit]) *goquery.Document {
	t.Helper()
	ctx := templ.WithChildren(t.Context(), templ.Raw(`<p id="none">No fruit</p>`))
	var b strings.Builder
	if err := Table(table).Render(ctx, &b); err != nil {
		t.Fatal(err)
	}
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(b.String()))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// texts are the texts of what is found, one after another.
func texts(doc *goquery.Document, selector string) string {
	return strings.Join(doc.Find(selector).Map(func(_ int, s *goquery.Selection) string { return strings.Join(strings.Fields(s.Text()), " ") }), "|")
}

func TestTable(t *testing.T) {
	t.Parallel()
	doc := showTable(t, fruits(fruit{"Apple", "red"}, fruit{"<b>", "blue"}))
	for selector, want := range map[string]string{
		".card > .table-responsive > table.card-table.roll > caption.visually-hidden": "Fruits",
		"thead th[scope=col]":                                "Name ↑|Ripe|Color|Action",
		"thead th[aria-sort=ascending] a.sort":               "Name ↑",
		"thead th:not([aria-sort]) a.sort":                   "Ripe",
		"thead th .visually-hidden":                          "Action",
		"tbody tr:first-child td":                            "Apple|yes|red|",
		"tbody tr:last-child td.row-name":                    "<b>",
		"tbody td[data-label=Ripe]":                          "yes|yes",
		"tbody td[data-label=Color] .tag":                    "red|blue",
		"td.row-name[data-label], td:last-child[data-label]": "",
		"tbody td:empty":                                     "|",
		"input, #none, [tabindex]":                           "",
	} {
		if got := texts(doc, selector); got != want {
			t.Errorf("%s: %q, want %q", selector, got, want)
		}
	}
}

func TestTableWithoutRows(t *testing.T) {
	t.Parallel()
	doc := showTable(t, fruits())
	if texts(doc, "#none") != "No fruit" || doc.Find("table, .card").Length() != 0 {
		t.Errorf("without rows it shows %s", doc.Text())
	}
}

func TestTableWithChoice(t *testing.T) {
	t.Parallel()
	table := fruits(fruit{"Apple", "red"})
	table.Tick = func(f fruit) string { return f.name }
	doc := showTable(t, table)
	if got := texts(doc, "thead th:first-child .visually-hidden"); got != "Choose" {
		t.Errorf("the head is %q", got)
	}
	if doc.Find(`tbody td:first-child input[type=checkbox][name=ticked][value=Apple][aria-label="Choose Apple"]`).Length() != 1 {
		t.Error("the row cannot be chosen")
	}
	if heads, cells := doc.Find("thead th").Length(), doc.Find("tbody td").Length(); heads != cells {
		t.Errorf("%d heads, %d cells", heads, cells)
	}
}

func TestTablePlaces(t *testing.T) {
	t.Parallel()
	table := fruits(fruit{"Apple", "red"})
	table.Seen, table.Scrolls, table.Place = true, true, InCard
	table.Columns = append([]Column[fruit]{{Heading: true, Text: func(f fruit) string { return f.name }}}, table.Columns...)
	doc := showTable(t, table)
	for _, selector := range []string{
		"body > .table-responsive[tabindex='0'][role=group][aria-label=Fruits] > table.card-table > caption.table-caption",
		"thead td:first-child:empty", "tbody th[scope=row]:not([data-label])",
	} {
		if doc.Find(selector).Length() != 1 {
			t.Errorf("in a card there is no %s", selector)
		}
	}
	table.Place, table.Compact = InText, true
	if doc := showTable(t, table); doc.Find("table.table-sm:not(.card-table):not(.roll)").Length() != 1 {
		t.Error("a compact table among text has another shape")
	}
}

// Heads, captions, labels of cards and choice are the same everywhere, because
// every table is shown by Table.
func TestNoTableIsWrittenByHand(t *testing.T) {
	t.Parallel()
	var found []string
	err := fs.WalkDir(os.DirFS(".."), ".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".templ") {
			return err
		}
		source, err := fs.ReadFile(os.DirFS(".."), path)
		if strings.Contains(string(source), "<table") {
			found = append(found, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) != 1 || found[0] != "ui/table.templ" {
		t.Errorf("tables are written in %q, want them in ui/table.templ only", found)
	}
}
