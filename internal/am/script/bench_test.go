package script_test

import (
	"testing"

	"gatehouse/internal/am/script"
)

func BenchmarkMayAct(b *testing.B) {
	for _, c := range mayActCases {
		b.Run(c.name, func(b *testing.B) {
			e := script.New(script.Options{})
			s, in := written(c.language, c.context, c.source), sampleInput()
			b.ReportAllocs()
			for b.Loop() {
				if err := e.MayAct(b.Context(), s, in, sampleToken()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
