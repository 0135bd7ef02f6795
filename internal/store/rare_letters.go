package store

import "strings"

// usualLetters are those that nearly every text has: a search for one of them finds a
// page after a few rows. The function rare_letters of the database leaves them out.
const usualLetters = "abcdefghijklmnopqrstuvwxyz0123456789" + usualSigns

// usualSigns are those of them that are no letters or digits.
const usualSigns = "@. \n"

// hasRareLetter tells whether an index of rare letters narrows a search.
func hasRareLetter(search string) bool {
	return strings.Trim(strings.ToLower(search), usualLetters) != ""
}

// searchText adds what a search for a key in column means: a text that holds the key
// has its rare letters, too, which an index finds where the key is too short for one
// of trigrams.
func (f *filter) searchText(column, key string) {
	f.with(column+" like @like", "like", contains(key))
	f.rareLetters(column, "@letters::text", key)
}

// rareLetters adds that column has the rare letters of text, which is @letters, written
// as the column is.
func (f *filter) rareLetters(column, letters, text string) {
	if hasRareLetter(text) {
		f.with("rare_letters("+column+") @> rare_letters("+letters+")", "letters", text)
	}
}
