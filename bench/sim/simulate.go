package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// simulate makes a world, measures what each kind costs alone, offers the busiest hour, and then more until it is too
// much.
func simulate(ctx context.Context, o *options, progress io.Writer) (*report, error) {
	n, am, call, password := &node{}, o.am, o.call, os.Getenv("GATEHOUSE_ADMIN_PASSWORD")
	if am == "" {
		var err error
		if n, err = startNode(ctx, o.binary, o.store); err != nil {
			return nil, err
		}
		defer n.stop()
		am, call, password = "http://"+n.amAddr+"/openam", "http://"+n.gwAddr+"/call", adminPassword
	} else if password == "" {
		return nil, errors.New("GATEHOUSE_ADMIN_PASSWORD has to hold amAdmin's password")
	}
	w := newWorld(n, am, call, o.accounts)
	if err := w.prepare(ctx, password); err != nil {
		return nil, err
	}
	if err := w.warmUp(ctx, 10); err != nil {
		return nil, err
	}
	r := &report{day: o.day, limit: o.limit, own: n.own, embedded: n.embedded}
	if n.own && o.cost > 0 {
		if err := w.costs(ctx, r, o.cost, progress); err != nil {
			return nil, err
		}
	}
	return r, w.search(ctx, r, o, progress)
}

// search doubles the load until a step fails, and halves the distance twice then.
func (w *world) search(ctx context.Context, r *report, o *options, progress io.Writer) error {
	good, bad := 0.0, 0.0
	try := func(multiple float64) error {
		fmt.Fprintf(progress, "%.3g times the busiest hour of %d people, for %s\n", multiple, o.day.Users, o.length)
		s := w.offer(ctx, o.day, multiple, o.length, o.seed)
		if err := ctx.Err(); err != nil {
			return err
		}
		r.steps = append(r.steps, s)
		if s.holds(o.limit) {
			good = multiple
		} else {
			bad = multiple
		}
		return nil
	}
	for multiple := 1.0; bad == 0 && multiple <= o.most; multiple *= 2 {
		if err := try(multiple); err != nil {
			return err
		}
	}
	for range 2 {
		if bad == 0 || o.most == 1 {
			break
		}
		if err := try((good + bad) / 2); err != nil {
			return err
		}
	}
	return nil
}

// costs measures each kind alone. What comes before it, such as the code that is redeemed, is measured and taken off.
func (w *world) costs(ctx context.Context, r *report, length time.Duration, progress io.Writer) error {
	r.costs = map[kind]cost{}
	session := w.sessions.any()
	send := map[kind]func() error{
		password:  func() error { _, err := w.signIn(ctx); return err },
		authorize: func() error { _, err := w.authorize(ctx, session); return err },
		code: func() error {
			c, err := w.authorize(ctx, session)
			if err == nil {
				err = w.redeem(ctx, c)
			}
			return err
		},
	}
	for k := range kinds {
		f := send[k]
		if f == nil {
			f = func() error { return w.send(ctx, k) }
		}
		fmt.Fprintf(progress, "what a request of the kind %s costs\n", k)
		c, err := w.alone(ctx, length, f)
		if err != nil {
			return fmt.Errorf("%s: %w", k, err)
		}
		if k == code {
			c.am = max(c.am-r.costs[authorize].am, 0)
		}
		r.costs[k] = c
	}
	return nil
}
