package fragments

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"librarian/bots/files"
	"librarian/contacts"
	"librarian/contacts/library"
)

// slipPrefix is what the QR code of a slip begins with: a page of registration papers has a token where this has one letter.
const slipPrefix = files.CodePrefix + "O."

const orderByMark = orderByID + ` and o.mark = $3`

var (
	slipCode   = regexp.MustCompile(`^(\d{1,18})-([A-Z2-7]{8})$`)
	slipInText = regexp.MustCompile(`(?i)(?:^|[^\w-])(\d{1,18}-[A-Z2-7]{8})(?:[^\w-]|$)`)
)

// SlipCode names the order on its slip, for people to read and write.
func (o Order) SlipCode() string { return o.Code() + "-" + o.Mark }

// SlipMark is what the QR code on the slip says, of letters that QR's alphanumeric mode has.
func (o Order) SlipMark() string { return slipPrefix + o.SlipCode() }

// IsSlip reports whether a code that was read in a picture is that of a slip, whatever order it names.
func IsSlip(code string) bool {
	_, _, ok := readSlip(strings.TrimPrefix(code, slipPrefix))
	return ok && strings.HasPrefix(code, slipPrefix)
}

func readSlip(code string) (id ID, mark string, ok bool) {
	found := slipCode.FindStringSubmatch(code)
	if found == nil {
		return 0, "", false
	}
	n, err := strconv.ParseInt(found[1], 10, 64)
	return ID(n), found[2], err == nil && n > 0
}

// SlipNamed is the first code of a slip that stands in the words, as in SlipMark; empty where there is none.
func SlipNamed(words string) string {
	found := slipInText.FindStringSubmatch(words)
	if found == nil {
		return ""
	}
	return slipPrefix + strings.ToUpper(found[1])
}

// BySlip gives the library's order whose slip bears the code, or ErrNotFound: also for a code that was made up. It says nothing of who may bring its pages.
func BySlip(ctx context.Context, db contacts.DB, lib library.ID, code string) (Order, error) {
	id, mark, ok := readSlip(strings.TrimPrefix(code, slipPrefix))
	if !ok {
		return Order{}, fmt.Errorf("order of a slip: %w", ErrNotFound)
	}
	o, err := one(ctx, db, orderByMark, lib, id, mark)
	if err != nil {
		return o, fmt.Errorf("order %d of a slip: %w", id, err)
	}
	return o, nil
}
