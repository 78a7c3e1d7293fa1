// Package selectors waits for files to become readable or writable.
package selectors
