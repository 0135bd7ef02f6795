package web

// formsLeaf reads forms that are on the pages of several rooms.
type formsLeaf struct{ *kit }

func onForms(k *kit) formsLeaf { return formsLeaf{kit: k} }
