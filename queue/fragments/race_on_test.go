//go:build race

package fragments

// raced tells that the race detector looks on, which takes memory of its own.
const raced = true
