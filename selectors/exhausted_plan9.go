package selectors

// exhausted: Plan 9 has no error numbers, and no mechanism of this package.
func exhausted(error) bool { return false }
