//go:build !race

package fragments

const raced = false
