package webtest

import (
	"strings"

	"github.com/PuerkitoBio/goquery"
)

// RowText is the texts of a row's cells.
func RowText(row *goquery.Selection) string {
	var all []string
	for _, c := range row.Find("th, td").EachIter() {
		all = append(all, strings.Join(strings.Fields(c.Text()), " "))
	}
	return strings.Join(all, " ")
}
