package selfservice

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
)

const defaultKBA = `{"kbaPropertyName":"kbaInfo","minimumAnswersToDefine":1,"minimumAnswersToVerify":1,"questions":{` +
	`"1":{"en":"What's your favorite color?","de":"Was ist Ihre Lieblingsfarbe?"},` +
	`"2":{"en":"Who was your first employer?","de":"Wer war Ihr erster Arbeitgeber?"}}}`

// Bounds of questions and answers.
const (
	maxText    = 256
	maxAnswers = 20
)

// KBA says which security questions there are (knowledge-based authentication).
type KBA struct {
	Property string `json:"kbaPropertyName"`
	// Define is how many questions a user needs, Verify how many of them are asked.
	Define int `json:"minimumAnswersToDefine"`
	Verify int `json:"minimumAnswersToVerify"`
	// Questions are texts by language, by the ID of the question.
	Questions map[string]map[string]string `json:"questions"`
}

// ReadKBA returns the configuration of security questions.
func ReadKBA(ctx context.Context, docs store.Docs) (*KBA, error) {
	body, err := read(ctx, docs, ConfigKBA)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", ConfigKBA, err)
	}
	k, err := parseKBA(body)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", ConfigKBA, err)
	}
	return k, nil
}

func parseKBA(body json.RawMessage) (*KBA, error) {
	k := &KBA{}
	if err := json.Unmarshal(body, k); err != nil {
		return nil, err
	}
	switch {
	case cmp.Or(k.Property, AttributeAnswers) != AttributeAnswers:
		return nil, fmt.Errorf("kbaPropertyName: expected %s, where answers are kept here, found %q", AttributeAnswers, k.Property)
	case k.Define < 1 || k.Define > maxAnswers:
		return nil, fmt.Errorf("minimumAnswersToDefine: expected 1 to %d, found %d", maxAnswers, k.Define)
	case k.Verify < 1 || k.Verify > k.Define:
		return nil, fmt.Errorf("minimumAnswersToVerify: expected 1 to minimumAnswersToDefine, found %d", k.Verify)
	}
	for _, id := range k.IDs() {
		if id == "" || len(k.Questions[id]) == 0 {
			return nil, fmt.Errorf("questions: %q: expected texts by language", id)
		}
		for _, text := range k.Questions[id] {
			if bare(text) == "" || utf8.RuneCountInString(text) > maxText {
				return nil, fmt.Errorf("questions: %q: expected a text of at most %d characters", id, maxText)
			}
		}
	}
	return k, nil
}

// IDs are those of the questions, numbers in their order.
func (k *KBA) IDs() []string {
	return slices.SortedFunc(maps.Keys(k.Questions), func(a, b string) int {
		x, errX := strconv.Atoi(a)
		y, errY := strconv.Atoi(b)
		if errX == nil && errY == nil {
			return cmp.Or(cmp.Compare(x, y), cmp.Compare(a, b))
		}
		return cmp.Compare(a, b)
	})
}

// Find is the ID of the question with that text in any language, "" for none. Case and what is no letter or digit do not
// count, as in identity management: users cannot ask the same in other words of their own.
func (k *KBA) Find(text string) string {
	want := bare(text)
	for _, id := range k.IDs() {
		for _, t := range k.Questions[id] {
			if bare(t) == want {
				return id
			}
		}
	}
	return ""
}

func bare(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, text)
}

// Answer is a user's answer to a question: one of the configuration, or of the user's own.
type Answer struct {
	Question string `json:"questionId,omitempty"`
	Custom   string `json:"customQuestion,omitempty"`
	// Answer is what was said on its way, and its hash where it is kept.
	Answer string `json:"answer,omitempty"`
}

// Key names the question.
func (a Answer) Key() string {
	if a.Question != "" {
		return a.Question
	}
	return "own:" + bare(a.Custom)
}

// Valid tells whether the answer has a question, one of the two kinds, and is not too long. It may be empty.
func (a Answer) Valid() bool {
	long := max(utf8.RuneCountInString(a.Custom), utf8.RuneCountInString(a.Answer), utf8.RuneCountInString(a.Question)) > maxText
	return (a.Question == "") != (bare(a.Custom) == "") && !long
}

// Folded is an answer as it is hashed: people remember words, and not how they wrote them.
func Folded(answer string) string { return strings.ToLower(strings.Join(strings.Fields(answer), " ")) }

var errAnswers = errors.New("kbaInfo: expected a list of {questionId or customQuestion, answer}, each question once")

// ParseAnswers reads what a client says of a user's answers, with nil for none.
func ParseAnswers(v any) ([]Answer, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	var list []Answer
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, errAnswers
	}
	if len(list) > maxAnswers {
		return nil, fmt.Errorf("kbaInfo: expected at most %d answers, found %d", maxAnswers, len(list))
	}
	seen := map[string]bool{}
	for _, a := range list {
		if !a.Valid() || seen[a.Key()] {
			return nil, errAnswers
		}
		seen[a.Key()] = true
	}
	return list, nil
}

// Secrets seal and open what is stored.
type Secrets interface {
	OpenSecret(sealed string) (string, error)
	SealSecret(plain string) string
}

// AnswersOf are the answers of a user, hashed.
func AnswersOf(u *realm.User, s Secrets) ([]Answer, error) {
	var list []Answer
	for _, v := range u.Attribute(AttributeAnswers) {
		plain, err := s.OpenSecret(v)
		if err != nil {
			return nil, fmt.Errorf("%s of %s: %w", AttributeAnswers, u.Name, err)
		}
		var a Answer
		if err := json.Unmarshal([]byte(plain), &a); err != nil {
			return nil, fmt.Errorf("%s of %s: %w", AttributeAnswers, u.Name, err)
		}
		list = append(list, a)
	}
	return list, nil
}

// Sealed are the values of the attribute for answers that are hashed.
func Sealed(list []Answer, s Secrets) ([]string, error) {
	var values []string
	for _, a := range list {
		raw, err := json.Marshal(a)
		if err != nil {
			return nil, err
		}
		values = append(values, s.SealSecret(string(raw)))
	}
	return values, nil
}
