package nodes

import (
	"fmt"
	"strings"

	"gatehouse/internal/am/login/journey"
)

// updateTimeout changes how long the client may take for its next answers.
type updateTimeout struct {
	Operation string `json:"operation"` // "SET" or "MODIFY"
	Minutes   int    `json:"value"`
}

func (*updateTimeout) Outcomes() []string { return next }

// Check finds what is wrong with the settings.
func (n *updateTimeout) Check() error {
	switch {
	case n.set() && n.Minutes < 1:
		return fmt.Errorf("value: expected at least a minute, found %d", n.Minutes)
	case !n.set() && !strings.EqualFold(n.Operation, "MODIFY"):
		return fmt.Errorf("operation: expected SET or MODIFY, found %q", n.Operation)
	}
	return nil
}

func (n *updateTimeout) set() bool { return strings.EqualFold(n.Operation, "SET") }

func (n *updateTimeout) Process(s *journey.Step) (journey.Result, error) {
	if err := n.Check(); err != nil {
		return journey.Result{}, err
	}
	minutes := s.State.Timeout()
	if n.set() {
		minutes = 0
	}
	s.State.Minutes = min(max(1, minutes+n.Minutes), journey.MaxTimeout)
	return journey.To("outcome")
}
