package observe

import (
	"context"
	"errors"
)

// OverLimit is the cause of a refusal: more came than the limit of that name allows. Errors of packages that do not know
// this one may have the method OverLimit instead.
func OverLimit(limit string) error { return overLimit(limit) }

type overLimit string

func (l overLimit) Error() string     { return "over the limit of " + string(l) }
func (l overLimit) OverLimit() string { return string(l) }

// LimitOf is the limit that err tells of; "" where it tells of none.
func LimitOf(err error) string {
	if over, ok := errors.AsType[interface {
		error
		OverLimit() string
	}](err); ok {
		return over.OverLimit()
	}
	return ""
}

// CountLimit counts the refusal of a request with the limits of its server, when err tells of one.
func CountLimit(ctx context.Context, err error) {
	limit := LimitOf(err)
	if limit == "" {
		return
	}
	if r := RequestOf(ctx); r != nil {
		r.Limits.Add(limit)
	}
}
