package login

import (
	"fmt"
	"html/template"
	"net/url"
	"strings"

	"rsc.io/qr"
)

// devicePart shows what an application for one-time passwords is to be told: a picture to scan, and the same to type.
type devicePart struct {
	// Size is the width of the picture in modules, with the quiet zone around it; Path paints the dark ones.
	Size   int
	Path   string
	Secret string
	// Address opens an application on the device that shows the page.
	Address template.URL
}

// quietZone is the white space around a QR code, in modules (ISO/IEC 18004).
const quietZone = 4

// deviceOf reads an address of the otpauth scheme. Journeys of others may send anything: false for what it is not.
func deviceOf(address string) (*devicePart, bool) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "otpauth" || u.Host != "totp" && u.Host != "hotp" {
		return nil, false
	}
	code, err := qr.Encode(address, qr.M)
	if err != nil {
		return nil, false
	}
	d := &devicePart{Size: code.Size + 2*quietZone, Address: template.URL(address)} //nolint:gosec // the scheme was looked at
	var path strings.Builder
	for y := range code.Size {
		for x := range code.Size {
			if code.Black(x, y) {
				fmt.Fprintf(&path, "M%d %dh1v1h-1z", x+quietZone, y+quietZone)
			}
		}
	}
	d.Path = path.String()
	for secret := u.Query().Get("secret"); secret != ""; secret = secret[min(4, len(secret)):] {
		d.Secret += secret[:min(4, len(secret))] + " "
	}
	d.Secret = strings.TrimSpace(d.Secret)
	return d, true
}
