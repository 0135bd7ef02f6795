package settings

// What the tests of this package look at.

const MaxPageText = maxPageText
