package audit

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"gatehouse/internal/conf"
)

type rotationConfig struct {
	// RotationEnabled switches rotation on.
	RotationEnabled bool `conf:"rotationEnabled"`
	// MaxFileSize is the size in bytes at which a new file begins; 0 and less: none.
	MaxFileSize int64 `conf:"maxFileSize"`
	// RotationFilePrefix stands before the names of rotated files.
	RotationFilePrefix string `conf:"rotationFilePrefix"`
	// RotationFileSuffix is a date pattern that stands behind the names, in UTC.
	RotationFileSuffix string `conf:"rotationFileSuffix,default=-yyyy.MM.dd-HH.mm.ss"`
	// RotationInterval is the age at which a new file begins.
	RotationInterval conf.Duration `conf:"rotationInterval,default=disabled"`
	// RotationTimes are times of day, as durations after midnight UTC.
	RotationTimes []conf.Duration `conf:"rotationTimes"`
}

// rotation says when a file ends and what it is called then. The triggers combine.
type rotation struct {
	enabled  bool
	maxSize  int64
	interval time.Duration
	times    []time.Duration
	prefix   string
	suffix   datePattern
}

func (c *rotationConfig) read(b *builder) rotation {
	r := rotation{enabled: c.RotationEnabled, maxSize: c.MaxFileSize, prefix: c.RotationFilePrefix}
	if !c.RotationInterval.Unlimited() {
		r.interval = c.RotationInterval.D()
	}
	for _, d := range c.RotationTimes {
		if d.Unlimited() || d.D() >= 24*time.Hour {
			b.fail("fileRotation.rotationTimes", "expected a time of day as a duration after midnight, found %s", d)
			continue
		}
		r.times = append(r.times, d.D())
	}
	if strings.ContainsAny(r.prefix, `/\`) {
		b.fail("fileRotation.rotationFilePrefix", "the prefix must not have slashes")
	}
	var err error
	if r.suffix, err = parseDatePattern(c.RotationFileSuffix); err != nil {
		b.fail("fileRotation.rotationFileSuffix", "%s", err)
	}
	return r
}

func (r *rotation) bySize(size int64) bool { return r.enabled && r.maxSize > 0 && size >= r.maxSize }

// byTime says whether a file that was begun at opened should end.
func (r *rotation) byTime(opened, now time.Time) bool {
	if !r.enabled {
		return false
	}
	if r.interval > 0 && now.Sub(opened) >= r.interval {
		return true
	}
	midnight := now.UTC().Truncate(24 * time.Hour)
	return slices.ContainsFunc(r.times, func(d time.Duration) bool {
		at := midnight.Add(d)
		return opened.Before(at) && !now.Before(at)
	})
}

// target returns a name that no file has. Deviation: the product overwrites what was
// rotated within the same value of the suffix; here the later file gets a number.
func (r *rotation) target(path string, now time.Time) string {
	name := filepath.Join(filepath.Dir(path), r.prefix+filepath.Base(path)+r.suffix.format(now.UTC()))
	to := name
	for n := 1; ; n++ {
		if _, err := os.Lstat(to); err != nil {
			return to
		}
		to = name + "." + strconv.Itoa(n)
	}
}

// datePattern is a pattern such as -yyyy.MM.dd, cut into runs of one letter and text.
type datePattern []string

const dateLetters = "yMdHmsS"

// parseDatePattern reads a pattern; text may stand in single quotes.
func parseDatePattern(s string) (datePattern, error) {
	var p datePattern
	for i := 0; i < len(s); {
		c := s[i]
		j := i + 1
		switch {
		case c == '\'':
			end := strings.IndexByte(s[j:], '\'')
			if end < 0 {
				return nil, fmt.Errorf("the date pattern %q has a quote that does not end", s)
			}
			text := s[j : j+end]
			if text == "" {
				text = "'"
			}
			p, j = append(p, "'"+text), j+end+1
		case strings.IndexByte(dateLetters, c) >= 0:
			for j < len(s) && s[j] == c {
				j++
			}
			p = append(p, s[i:j])
		case 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z':
			return nil, fmt.Errorf("the date pattern %q has the letter %q, which is not supported; quote text: '%c'", s, c, c)
		case c == '/' || c == '\\' || c < ' ':
			return nil, fmt.Errorf("the date pattern %q has a character that file names cannot have", s)
		default:
			p = append(p, "'"+s[i:j])
		}
		i = j
	}
	for _, part := range p {
		if strings.ContainsAny(part, `/\`) {
			return nil, fmt.Errorf("the date pattern %q has a character that file names cannot have", s)
		}
	}
	return p, nil
}

func (p datePattern) format(t time.Time) string {
	var b strings.Builder
	for _, part := range p {
		n := 0
		switch part[0] {
		case '\'':
			b.WriteString(part[1:])
			continue
		case 'y':
			if n = t.Year(); len(part) == 2 {
				n %= 100
			}
		case 'M':
			n = int(t.Month())
		case 'd':
			n = t.Day()
		case 'H':
			n = t.Hour()
		case 'm':
			n = t.Minute()
		case 's':
			n = t.Second()
		case 'S':
			n = t.Nanosecond() / int(time.Millisecond)
		}
		fmt.Fprintf(&b, "%0*d", len(part), n)
	}
	return b.String()
}
