package nodes

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"gatehouse/internal/am/login/journey"
	"gatehouse/internal/am/login/selfservice"
	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
)

// kbaCreate asks for security questions and their answers, as many as the configuration wants.
type kbaCreate struct {
	Message map[string]string `json:"message"`
	Own     bool              `json:"allowUserDefinedQuestions"`
}

func (*kbaCreate) Outcomes() []string { return next }

// AskedAgain is what is said of questions that cannot be taken.
const AskedAgain = "Answer a different question each time"

func (n *kbaCreate) Process(s *journey.Step) (journey.Result, error) {
	k, err := selfservice.ReadKBA(s.Context(), s.Source.Docs)
	if err != nil {
		return journey.Result{}, err
	}
	var asked []journey.Callback
	texts := []string{}
	for _, id := range k.IDs() {
		texts = append(texts, s.Text(k.Questions[id], ""))
	}
	for range k.Define {
		asked = append(asked, journey.KbaCreate(s.Text(n.Message, "Select a security question"), texts, n.Own))
	}
	if s.Answers == nil {
		return journey.Ask(asked...)
	}
	list, ok := n.answers(k, s.Answers)
	if !ok {
		return journey.Ask(append([]journey.Callback{journey.Show(AskedAgain, 2)}, asked...)...)
	}
	s.State.HideObject(selfservice.AttributeAnswers, list)
	return journey.To("outcome")
}

// answers are what was said, in the form of identity management; false when a question is none that can be asked, comes
// twice, or is not answered.
func (n *kbaCreate) answers(k *selfservice.KBA, said []journey.Callback) (list []any, ok bool) {
	seen := map[string]bool{}
	for i := range said {
		if said[i].Type != journey.KbaCreateCallback {
			continue
		}
		question, answer := strings.TrimSpace(said[i].InputText(0)), strings.TrimSpace(said[i].InputText(1))
		a := selfservice.Answer{Question: k.Find(question), Answer: answer}
		member := map[string]any{"questionId": a.Question, "answer": answer}
		if a.Question == "" {
			a.Custom = question
			member = map[string]any{"customQuestion": question, "answer": answer}
		}
		if !a.Valid() || answer == "" || a.Custom != "" && !n.Own || seen[a.Key()] {
			return nil, false
		}
		seen[a.Key()] = true
		list = append(list, member)
	}
	return list, true
}

// kbaDecision tells whether the user has answers to as many questions as the configuration wants.
type kbaDecision struct {
	Identity string `json:"identityAttribute"`
}

func (*kbaDecision) Outcomes() []string { return yesNo }

func (n *kbaDecision) Process(s *journey.Step) (journey.Result, error) {
	k, err := selfservice.ReadKBA(s.Context(), s.Source.Docs)
	if err != nil {
		return journey.Result{}, err
	}
	return decideOn(s, n.Identity, func(u *realm.User) (bool, error) {
		list, err := selfservice.AnswersOf(u, s.Host)
		return len(list) >= k.Define, err
	})
}

// kbaVerify asks some of the user's security questions. Wrong answers are guesses, as wrong one-time passwords are.
type kbaVerify struct {
	Attribute string `json:"kbaInfoAttribute"`
	Identity  string `json:"identityAttribute"`
}

func (*kbaVerify) Outcomes() []string { return yesNo }

// Check finds what is wrong with the settings.
func (n *kbaVerify) Check() error {
	if n.Attribute != selfservice.AttributeAnswers {
		return fmt.Errorf("kbaInfoAttribute: expected %s, where answers are kept here, found %q", selfservice.AttributeAnswers, n.Attribute)
	}
	return nil
}

func (n *kbaVerify) Process(s *journey.Step) (journey.Result, error) {
	if err := n.Check(); err != nil {
		return journey.Result{}, err
	}
	u, err := identified(s, n.Identity)
	if errors.Is(err, store.ErrNotFound) {
		return journey.To("false")
	}
	if err != nil {
		return journey.Result{}, err
	}
	have, err := selfservice.AnswersOf(u, s.Host)
	if err != nil {
		return journey.Result{}, err
	}
	if s.Answers == nil {
		return n.ask(s, have)
	}
	allowed, count := s.Host.Guess(s.Realm, u.Name)
	if !allowed {
		s.State.Message = journey.MessageOf(journey.ErrLocked)
		return journey.To("false")
	}
	right, err := n.right(s, have)
	if err != nil {
		return journey.Result{}, err
	}
	if right = count(right); right {
		s.State.Authenticated("kba") // RFC 8176 §2
	}
	return journey.Either(right)
}

// key is where the state has which questions were asked.
func (n *kbaVerify) key(s *journey.Step) string { return "kbaQuestions." + s.NodeID }

func (n *kbaVerify) ask(s *journey.Step, have []selfservice.Answer) (journey.Result, error) {
	k, err := selfservice.ReadKBA(s.Context(), s.Source.Docs)
	if err != nil {
		return journey.Result{}, err
	}
	if len(have) < k.Verify {
		return journey.To("false")
	}
	var keys []any
	var asked []journey.Callback
	for _, i := range rand.Perm(len(have))[:k.Verify] {
		keys = append(keys, have[i].Key())
		text := have[i].Custom
		if text == "" {
			text = s.Text(k.Questions[have[i].Question], have[i].Question)
		}
		asked = append(asked, journey.Password(text))
	}
	s.State.Share(n.key(s), keys)
	return journey.Ask(asked...)
}

// right tells whether all answers are.
func (n *kbaVerify) right(s *journey.Step, have []selfservice.Answer) (bool, error) {
	v, _ := s.State.Get(n.key(s))
	keys, _ := v.([]any)
	if len(keys) == 0 || len(keys) != len(s.Answers) {
		return false, nil
	}
	right := true
	for i, key := range keys {
		at := slices.IndexFunc(have, func(a selfservice.Answer) bool { return a.Key() == key })
		if at < 0 {
			return false, nil
		}
		ok, err := s.Host.Matches(s.Context(), have[at].Answer, selfservice.Folded(s.Answers[i].Answer()))
		if err != nil {
			return false, err
		}
		right = right && ok // the time does not tell which one is wrong
	}
	return right, nil
}
