package expr

import "gatehouse/internal/javaregexp"

// Limits. Configurations are written by operators and values by anyone, so
// both are bounded; the numbers are far above what real files need.
const (
	// MaxSource is the longest text with expressions, in bytes. Long pages with
	// a few expressions inside are usual.
	MaxSource = 4 << 20
	// MaxExpression is the longest single ${...}, in bytes.
	MaxExpression = 16 << 10
	// MaxNesting bounds parentheses, brackets, arguments and prefix operators
	// within each other.
	MaxNesting = 100
	// MaxText is the longest text an expression may build, in bytes.
	MaxText = javaregexp.MaxText
	// MaxFile is the largest file that read and its like accept, in bytes.
	MaxFile = 8 << 20

	maxValueDepth    = 100 // lists within lists within ..., when compared or printed
	maxCachedPattern = 32  // computed regular expressions kept per call
)
