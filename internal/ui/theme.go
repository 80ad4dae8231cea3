package ui

import (
	"fmt"
	"html/template"
	"math"
	"net/url"
	"strconv"
	"strings"
)

// Theme is how a realm's pages look.
type Theme struct {
	// Name stands where the product's name would.
	Name string
	// Logo is the address of a picture, https: or data:image/…; "": none.
	Logo string
	// Sheet is the address of ThemeSheet's style sheet; "": the product's own accent.
	Sheet string
	// Links stand at the foot of pages.
	Links []Link
}

// LogoURL is the logo's address when browsers may be given it: http, https, or data of a picture; else "".
func (t *Theme) LogoURL() template.URL {
	if l := strings.ToLower(t.Logo); strings.HasPrefix(l, "https://") || strings.HasPrefix(l, "http://") || strings.HasPrefix(l, "data:image/") || strings.HasPrefix(l, "/") {
		return template.URL(t.Logo) //nolint:gosec // an <img> runs no scripts, and the schemes are those above
	}
	return ""
}

// logoOrigin is what the content security policy has to allow for the logo.
func (t *Theme) logoOrigin() []string {
	u, err := url.Parse(t.Logo)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" {
		return nil
	}
	return []string{u.Scheme + "://" + u.Host}
}

// Papers that texts in the accent colour stand on, see css/00-tokens.css.
var (
	lightPaper = color{0xf5, 0xf6, 0xfa}
	darkPaper  = color{0x19, 0x1c, 0x26}
	white      = color{0xff, 0xff, 0xff}
	night      = color{0x12, 0x14, 0x1c}
)

// ThemeSheet is the style sheet of an accent colour "#rrggbb": darkened and lightened as far as it must be for a
// contrast of 4.5:1 on light and on dark paper (WCAG 2.2, 1.4.3).
func ThemeSheet(accent string) (string, error) {
	c, err := parseColor(accent)
	if err != nil {
		return "", err
	}
	light, dark := c.against(lightPaper, night), c.against(darkPaper, white)
	return fmt.Sprintf(":root {\n  --accent: light-dark(%s, %s);\n  --on-accent: light-dark(%s, %s);\n}\n",
		light, dark, light.ink(), dark.ink()), nil
}

type color [3]uint8

func (c color) String() string { return fmt.Sprintf("#%02x%02x%02x", c[0], c[1], c[2]) }

func parseColor(text string) (color, error) {
	hex, ok := strings.CutPrefix(text, "#")
	if len(hex) == 3 {
		hex = string([]byte{hex[0], hex[0], hex[1], hex[1], hex[2], hex[2]})
	}
	n, err := strconv.ParseUint(hex, 16, 32)
	if !ok || len(hex) != 6 || err != nil {
		return color{}, fmt.Errorf("%q is no colour like #3451b2", text)
	}
	return color{uint8(n >> 16), uint8(n >> 8), uint8(n)}, nil
}

// against mixes c with toward until it can be read on paper.
func (c color) against(paper, toward color) color {
	for step := range 51 {
		if m := c.mix(toward, float64(step)/50); m.contrast(paper) >= 4.5 {
			return m
		}
	}
	return toward
}

// ink is white or nearly black, whichever can be read better on c.
func (c color) ink() color {
	if c.contrast(white) >= c.contrast(night) {
		return white
	}
	return night
}

func (c color) mix(d color, part float64) color {
	var m color
	for i := range m {
		m[i] = uint8(math.Round(float64(c[i])*(1-part) + float64(d[i])*part))
	}
	return m
}

// contrast is the ratio of WCAG 2.2.
func (c color) contrast(d color) float64 {
	a, b := c.luminance(), d.luminance()
	return (max(a, b) + .05) / (min(a, b) + .05)
}

func (c color) luminance() float64 {
	var l [3]float64
	for i, v := range c {
		x := float64(v) / 255
		if x <= .04045 {
			l[i] = x / 12.92
		} else {
			l[i] = math.Pow((x+.055)/1.055, 2.4)
		}
	}
	return .2126*l[0] + .7152*l[1] + .0722*l[2]
}
