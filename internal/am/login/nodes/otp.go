package nodes

import (
	"crypto/rand"
	"crypto/subtle"
	"math/big"
	"strings"

	"gatehouse/internal/am/login/journey"
)

// Names of the state. The password itself is transient.
const (
	otpValue = "oneTimePassword"
	otpMade  = "oneTimePasswordTimestamp"
)

// otpGenerator makes a one-time password, which other nodes send and check.
type otpGenerator struct {
	Length int `json:"length"`
}

func (*otpGenerator) Outcomes() []string { return next }

func (n *otpGenerator) Process(s *journey.Step) (journey.Result, error) {
	digits := make([]byte, max(6, min(n.Length, 12)))
	for i := range digits {
		d, err := rand.Int(rand.Reader, big.NewInt(10))
		if err != nil {
			return journey.Result{}, err
		}
		digits[i] = '0' + byte(d.Int64())
	}
	s.State.Hide(otpValue, string(digits))
	s.State.Hide(otpMade, s.Now)
	return journey.To("outcome")
}

// otpCollector asks for the one-time password. A wrong one is used up with the right one.
type otpCollector struct {
	Expiry int `json:"passwordExpiryTime"` // minutes
}

func (*otpCollector) Outcomes() []string { return yesNo }

func (n *otpCollector) Process(s *journey.Step) (journey.Result, error) {
	if s.Answers == nil {
		return journey.Ask(journey.Password("One Time Password"))
	}
	want := s.State.Text(otpValue)
	made, _ := s.State.Get(otpMade)
	s.State.Remove(otpValue)
	s.State.Remove(otpMade)
	given := strings.TrimSpace(s.Answers[0].Answer())
	allowed, count := s.Host.Guess(s.Realm, s.State.Username())
	if !allowed {
		s.State.Message = journey.MessageOf(journey.ErrLocked)
		return journey.To("false")
	}
	right := want != "" && subtle.ConstantTimeCompare([]byte(want), []byte(given)) == 1 &&
		s.Now-seconds(made) <= int64(max(n.Expiry, 1))*60
	if right = count(right); right {
		s.State.Authenticated("otp")
	}
	return journey.Either(right)
}

func seconds(v any) int64 {
	switch v := v.(type) {
	case int64:
		return v
	case float64:
		return int64(v)
	}
	return 0
}
