//go:build race

package files

// raced tells that the race detector looks on: the child that decodes is then some twenty times slower.
const raced = true
