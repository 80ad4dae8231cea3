package rest_test

import (
	"reflect"
	"strconv"
	"strings"
)

func splitWords(s string) []string { return strings.Fields(s) }

func itoa(n int) string { return strconv.Itoa(n) }

func same(a, b any) bool { return reflect.DeepEqual(a, b) }
