package realm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"gatehouse/internal/am/store"
	"gatehouse/internal/jose"
)

// Keys are the keys of a realm, one list a label: the first is active, that is signs;
// all are valid, that is verify, and public ones are published. A key is made at its
// first use, by whichever node is first, and stored sealed.
type Keys struct {
	m     *Manager
	realm string
	kid   func(alias string) string // how the settings name the key of an alias, "" for its own name

	making  sync.Mutex // held while a key is made: one RSA key at a time is enough work
	lists   cache[*keyList]
	signers cache[*jose.Signer]
	public  atomic.Pointer[published]
}

// keyList is what a label has.
type keyList struct {
	rev  uint64
	keys []storedKey
	set  *jose.KeySet
	ends time.Time // when the first of the keys ends, or is to be read again; zero: never
	// outside: the keys are in a key store, which others look after.
	outside bool
}

// storedKey is a key as it is stored, sealed together with the others of its label.
type storedKey struct {
	JWK     json.RawMessage `json:"jwk"`
	Created time.Time       `json:"created"`
	Until   time.Time       `json:"until,omitzero"` // valid before then; zero: no end is set
}

type published struct {
	set  *jose.KeySet
	ends time.Time
}

// keyDoc is the document of a label. Its ID and realm are what the seal is bound to.
type keyDoc struct {
	Sealed []byte `json:"sealed"`
}

func newKeys(m *Manager, realm string, kid func(alias string) string) *Keys {
	return &Keys{m: m, realm: realm, kid: kid}
}

// Signer returns the signer of the active key for alg, with typ in the header ("" is
// "JWT"). HMAC keys are not named in the header: nobody else could look them up
// (PingAM: kid only for asymmetric algorithms).
func (k *Keys) Signer(ctx context.Context, alg, typ string) (*jose.Signer, error) {
	label, err := labelFor(jose.Algorithm(alg))
	if err != nil {
		return nil, err
	}
	return k.SignerOf(ctx, label, alg, typ)
}

// TokenSigner is Signer for client-side access and refresh tokens, whose keys have labels of their own: a key store may
// map those to other keys than the ones that sign ID tokens.
func (k *Keys) TokenSigner(ctx context.Context, alg, typ string) (*jose.Signer, error) {
	label, err := labelFor(jose.Algorithm(alg))
	if err != nil {
		return nil, err
	}
	return k.SignerOf(ctx, labelUnder(statelessSigning, label), alg, typ)
}

// SignerOf is Signer with the key of a label.
func (k *Keys) SignerOf(ctx context.Context, label, alg, typ string) (*jose.Signer, error) {
	if _, err := k.list(ctx, label); err != nil { // drops the signer of a key that has ended
		return nil, err
	}
	return k.signers.get(label+" "+alg+" "+typ, func() (*jose.Signer, error) {
		key, err := k.Active(ctx, label)
		if err != nil {
			return nil, err
		}
		return jose.NewSigner(key, jose.Algorithm(alg), jose.SignerOptions{Type: typ, OmitKeyID: key.IsSymmetric()})
	})
}

// Active returns the key of the label that signs, or encrypts.
func (k *Keys) Active(ctx context.Context, label string) (*jose.Key, error) {
	l, err := k.list(ctx, label)
	if err != nil {
		return nil, err
	}
	return l.set.Keys()[0], nil
}

// Valid returns all keys of the label that verify, or decrypt, the active one first.
func (k *Keys) Valid(ctx context.Context, label string) (*jose.KeySet, error) {
	l, err := k.list(ctx, label)
	if err != nil {
		return nil, err
	}
	return l.set, nil
}

// Decryption returns the keys that clients encrypt to, whatever the algorithm: a key store may map each to its own.
func (k *Keys) Decryption(ctx context.Context) (jose.Joined, error) {
	var all jose.Joined
	for _, label := range [...]string{LabelDecryption, labelOAEP, labelRSA15} {
		set, err := k.Valid(ctx, label)
		if err != nil {
			return nil, err
		}
		all = append(all, set)
	}
	return all, nil
}

// Public returns the public keys of the realm, to publish and to verify with, making
// those that do not exist yet.
func (k *Keys) Public(ctx context.Context) (*jose.KeySet, error) {
	if p := k.public.Load(); p != nil && !over(p.ends, k.m.now()) {
		return p.set, nil
	}
	before := k.lists.changes.Load()
	var all []*jose.Key
	var ends time.Time
	for _, l := range labels() {
		for _, label := range append([]string{l.label}, l.aliases...) {
			list, err := k.list(ctx, label)
			if err != nil {
				return nil, err
			}
			if list.set.Keys()[0].IsSymmetric() {
				break
			}
			for _, key := range list.set.Keys() {
				if !slices.ContainsFunc(all, func(o *jose.Key) bool { return o.ID == key.ID }) { // most labels share keys
					all = append(all, key.Public())
				}
			}
			ends = earlier(ends, list.ends)
		}
	}
	p := &published{jose.NewKeySet(all...), ends}
	k.public.Store(p)
	if k.lists.changes.Load() != before {
		k.public.Store(nil) // a key changed while this was gathered
	}
	return p.set, nil
}

// Rotate makes a new active key for the label. The former keys stay valid and
// published, and end at keepUntil if they do not end before: choose the longest
// lifetime of what they signed.
func (k *Keys) Rotate(ctx context.Context, label string, keepUntil time.Time) (*jose.Key, error) {
	l, err := labelOf(label)
	if err != nil {
		return nil, err
	}
	if now, err := k.list(ctx, label); err == nil && now.outside {
		return nil, fmt.Errorf("rotate key %s: it is in a key store", label)
	}
	fresh, err := k.fresh(l)
	if err != nil {
		return nil, fmt.Errorf("rotate key %s: %w", label, err)
	}
	for {
		old, err := k.read(ctx, l)
		if err != nil && !isNotFound(err) {
			return nil, fmt.Errorf("rotate key %s: %w", label, err)
		}
		keys := []storedKey{fresh}
		var rev uint64
		if err == nil {
			rev = old.rev
			for _, was := range old.keys {
				was.Until = earlier(was.Until, keepUntil.UTC())
				keys = append(keys, was)
			}
		}
		err = k.write(ctx, l, rev, keys)
		if errors.Is(err, store.ErrConflict) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("rotate key %s: %w", label, err)
		}
		return k.Active(ctx, label)
	}
}

// list returns the keys of a label, making the first.
func (k *Keys) list(ctx context.Context, label string) (*keyList, error) {
	load := func() (*keyList, error) {
		l, err := labelOf(label)
		if err != nil {
			return nil, err
		}
		return k.find(ctx, label, l)
	}
	list, err := k.lists.get(label, load)
	if err == nil && over(list.ends, k.m.now()) {
		k.forget() // a former key has ended
		list, err = k.lists.get(label, load)
	}
	if err != nil {
		return nil, fmt.Errorf("key %s of realm %s: %w", label, k.realm, err)
	}
	return list, nil
}

// find looks for the keys of a label: in key stores under that very name, then under the name that it shares keys with,
// then among the realm's own.
func (k *Keys) find(ctx context.Context, label string, l labelled) (*keyList, error) {
	if list, err := k.mapped(ctx, label); list != nil || err != nil {
		return list, err
	}
	if label != l.label {
		return k.find(ctx, l.label, l)
	}
	return k.readOrMake(ctx, l)
}

func (k *Keys) readOrMake(ctx context.Context, l labelled) (*keyList, error) {
	list, err := k.read(ctx, l)
	if !isNotFound(err) {
		return list, err
	}
	k.making.Lock()
	defer k.making.Unlock()
	if list, err = k.read(ctx, l); !isNotFound(err) {
		return list, err // made while this waited
	}
	fresh, err := k.fresh(l)
	if err != nil {
		return nil, err
	}
	if err := k.write(ctx, l, 0, []storedKey{fresh}); err != nil && !errors.Is(err, store.ErrConflict) {
		return nil, err
	}
	return k.read(ctx, l) // on conflict, what another node made
}

func (k *Keys) fresh(l labelled) (storedKey, error) {
	key, err := jose.Generate(l.kind)
	if err != nil {
		return storedKey{}, err
	}
	jwk, err := key.With(key.ID, "", l.use).MarshalPrivate()
	return storedKey{JWK: jwk, Created: k.m.now().UTC()}, err
}

// read returns the stored keys that have not ended.
func (k *Keys) read(ctx context.Context, l labelled) (*keyList, error) {
	d, err := k.m.docs.Get(ctx, k.realm, store.KindKey, l.label)
	if err != nil {
		return nil, err
	}
	var doc keyDoc
	if err := json.Unmarshal(d.Body, &doc); err != nil {
		return nil, err
	}
	plain, err := k.m.keys.open(doc.Sealed, k.bound(l))
	if err != nil {
		return nil, err
	}
	var stored []storedKey
	if err := json.Unmarshal(plain, &stored); err != nil {
		return nil, err
	}
	list := &keyList{rev: d.Rev}
	var parsed []*jose.Key
	for _, s := range stored {
		if over(s.Until, k.m.now()) {
			continue
		}
		key, err := jose.ParseKey(s.JWK)
		if err != nil {
			return nil, err
		}
		list.keys, parsed = append(list.keys, s), append(parsed, key)
		list.ends = earlier(list.ends, s.Until)
	}
	if len(parsed) == 0 {
		return nil, errors.New("no key is left")
	}
	list.set = jose.NewKeySet(parsed...)
	return list, nil
}

// write stores keys over revision rev, 0 for the first.
func (k *Keys) write(ctx context.Context, l labelled, rev uint64, keys []storedKey) error {
	plain, err := json.Marshal(keys)
	if err != nil {
		return err
	}
	body, err := json.Marshal(keyDoc{Sealed: k.m.keys.seal(plain, k.bound(l))})
	if err != nil {
		return err
	}
	d := store.Doc{ID: l.label, Rev: rev, Body: body}
	if rev == 0 {
		_, err = k.m.docs.Create(ctx, k.realm, store.KindKey, d)
	} else {
		_, err = k.m.docs.Put(ctx, k.realm, store.KindKey, d)
	}
	return err
}

// forget drops what was cached, in this order: what is built from lists must not be
// built from forgotten ones.
func (k *Keys) forget() {
	k.lists.clear()
	k.signers.clear()
	k.public.Store(nil)
}

func (k *Keys) bound(l labelled) string { return k.realm + "\x00" + l.label }

// over tells whether end, unless it is zero, has come.
func over(end, now time.Time) bool { return !end.IsZero() && !now.Before(end) }

// earlier returns the earlier of two ends, of which zero is none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
