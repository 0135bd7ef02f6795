package web

// formsLeaf reads forms that are on the pages of several rooms.
type formsLeaf struct{ *kit }

// onForms is how rooms reach it.
func onForms(k *kit) formsLeaf { return formsLeaf{kit: k} }
