package nodes

import (
	"strconv"
	"strings"

	"gatehouse/internal/am/login/journey"
)

// pollingWait lets the client come back after some seconds.
type pollingWait struct {
	Seconds   int               `json:"secondsToWait"`
	Spam      bool              `json:"spamDetectionEnabled"`
	Tolerance int               `json:"spamDetectionTolerance"`
	Message   map[string]string `json:"waitingMessage"`
	Exitable  bool              `json:"exitable"`
	Exit      map[string]string `json:"exitMessage"`
}

func (n *pollingWait) Outcomes() []string {
	list := []string{"DONE"}
	if n.Exitable {
		list = append(list, "EXITED")
	}
	if n.Spam {
		list = append(list, "SPAM")
	}
	return list
}

func (n *pollingWait) Process(s *journey.Step) (journey.Result, error) {
	until, early := "pollingWait."+s.NodeID, "pollingWaitEarly."+s.NodeID
	done := func(outcome string) (journey.Result, error) {
		s.State.Remove(until)
		s.State.Remove(early)
		return journey.To(outcome)
	}
	v, _ := s.State.Get(until)
	end := int64(number(v))
	if s.Answers == nil || end == 0 {
		end = s.Now + int64(max(0, n.Seconds))
		s.State.Share(until, int(end))
		return n.ask(s, end)
	}
	if pressed, ok := s.Answers[len(s.Answers)-1].Chosen(1); n.Exitable && ok && pressed == 0 {
		return done("EXITED")
	}
	if s.Now >= end {
		return done("DONE")
	}
	v, _ = s.State.Get(early)
	if n.Spam && number(v) >= n.Tolerance {
		return done("SPAM")
	}
	s.State.Share(early, number(v)+1)
	return n.ask(s, end)
}

func (n *pollingWait) ask(s *journey.Step, end int64) (journey.Result, error) {
	left := max(1, end-s.Now)
	message := strings.ReplaceAll(s.Text(n.Message, "Please Wait"), "{{time}}", strconv.FormatInt(left, 10))
	list := []journey.Callback{journey.Wait(int(left)*1000, message)}
	if n.Exitable {
		exit := journey.Confirmation("", []string{s.Text(n.Exit, "Exit")}, 0)
		exit.Input[0].Value = 100 // what is sent when nobody pressed it
		list = append(list, exit)
	}
	return journey.Ask(list...)
}
