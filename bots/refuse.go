package bots

import (
	"errors"

	"librarian/bots/files"
)

// Refuse is the error for a message that the provider would never take. The code is for the desk and the log.
func Refuse(code string, err error) *SendError {
	return &SendError{Outcome: Refused, Code: code, Err: err}
}

// FileError tells a file that will never be had from a store that is away.
func FileError(err error) *SendError {
	if errors.Is(err, files.ErrTooLarge) {
		return Refuse("file_size", err)
	}
	for _, gone := range []error{files.ErrNotFound, files.ErrPurged, files.ErrInfected, files.ErrCorrupt} {
		if errors.Is(err, gone) {
			return Refuse("file_gone", err)
		}
	}
	return &SendError{Outcome: Retry, Code: "file", Err: err}
}
