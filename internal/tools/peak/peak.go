// Package peak tells how much memory a process has used.
package peak
