package store

// SealedColumns names the columns that a change of key seals anew.
func SealedColumns() []string {
	var names []string
	for _, c := range sealedColumns {
		names = append(names, c.table+"."+c.column)
	}
	return names
}
