// Package drill is tests only: programs of several releases and processes of one, with
// real logins through them, while what they need is changed, hung, or killed under them.
// Short ones are part of `make test`. The others run by `make drill`, which prints what
// was lost, done twice and refused meanwhile, and for how long.
package drill
