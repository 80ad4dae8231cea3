package policy

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Transaction is an access that the subject's user has to authorize by itself (PingAM: transactional authorization).
type Transaction struct {
	Resource string
	// Strategy and Specifier are the name and the value of the advice that authorizes it.
	Strategy, Specifier string
}

// Transactions are the transactions of one subject.
type Transactions interface {
	// Use tells whether t was authorized under that ID, which is over with that.
	Use(id string, t Transaction) bool
	// Begin waits for t to be authorized, under an ID. "" is none.
	Begin(t Transaction) (id string)
}

// EnvironmentTransaction is the member of the environment that has the IDs of transactions.
const EnvironmentTransaction = "TxId"

// maxTransactions bounds the IDs that one question can show.
const maxTransactions = 8

type transaction Transaction

// strategies are what can authorize a transaction.
var strategies = []string{
	"AuthLevelConditionAdvice", "AuthSchemeConditionAdvice", "AuthenticateToRealmConditionAdvice", "AuthenticateToServiceConditionAdvice",
	"AuthenticateToTreeConditionAdvice",
}

func readTransaction(o map[string]any) (condition, error) {
	name, _ := o["authenticationStrategy"].(string)
	value, _ := o["strategySpecifier"].(string)
	if n, ok := number(o["strategySpecifier"]); ok && value == "" {
		value = strconv.Itoa(int(n))
	}
	for _, known := range strategies {
		// The strategies are called as the conditions, and as their advices.
		if name != known && name != strings.TrimSuffix(known, "ConditionAdvice") {
			continue
		}
		if value == "" {
			return nil, fmt.Errorf("strategySpecifier: expected what to authenticate to")
		}
		if known == strategies[0] {
			if _, err := strconv.Atoi(value); err != nil {
				return nil, fmt.Errorf("strategySpecifier: expected a whole number")
			}
		}
		return transaction{Strategy: known, Specifier: value}, nil
	}
	return nil, fmt.Errorf("authenticationStrategy: expected one of %s", strings.Join(strategies, ", "))
}

// holds once for each authorization. Who has no session cannot authorize.
func (c transaction) holds(q *Question) outcome {
	if q.Transactions == nil || q.Subject.Session == nil {
		return outcome{}
	}
	t := Transaction{q.Resource, c.Strategy, c.Specifier}
	for i, id := range q.Environment[EnvironmentTransaction] {
		if i < maxTransactions && q.Transactions.Use(id, t) {
			return outcome{ok: true, until: time.UnixMilli(0)}
		}
	}
	if id := q.Transactions.Begin(t); id != "" {
		return advise(false, "TransactionConditionAdvice", id)
	}
	return outcome{}
}
