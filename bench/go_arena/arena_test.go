// Package goarena measures github.com/VoolFI71/go-arena in the rows of bench/arena_bench.cpp.
// bench/arena.py runs it in a copy of this folder, to which it adds the module.
package goarena

import (
	"strconv"
	"testing"
	"time"

	arena "github.com/VoolFI71/go-arena"
)

type user struct {
	id    int64
	age   int64
	name  string
	email string
	rate  float64
}

const (
	userBytes   = 56
	recordBytes = 1024
	chunkBytes  = 64 * 1024
)

var (
	userSink   *user
	textSink   string
	sliceSink  []user
	recordSink *record

	counts = []int{100, 1000, 10000, 100000, 1000000}
	text   = "a string of twenty-eight ch."
	texts  = [6]string{"2026-01-02T03:04:05.678Z", "info", "checkout", "web-7.eu-1",
		"4bf92f3577b34da6a3ce929d0e0e4736",
		"order 4711 of user 815 placed after 12.5 ms, payment by card, delivery on Tuesday"}
	values = [8]string{"POST", "/api/v1/orders", "201", "12.5", "Mozilla/5.0 (X11; Linux)",
		"10.0.12.7", "de", "true"}
)

type attribute struct {
	name  string
	value string
}

type record struct {
	texts      [6]string
	attributes []attribute
	timeNs     int64
}

// rounds times rounds of count items in one arena whose one chunk holds a round.
func rounds(b *testing.B, counts []int, itemBytes int, item func(a *arena.Arena, i int)) {
	for _, count := range counts {
		b.Run(strconv.Itoa(count), func(b *testing.B) {
			a := arena.NewArena(count*itemBytes+chunkBytes, 0)
			b.ResetTimer()
			for n := 0; n < b.N; n++ {
				for i := 0; i < count; i++ {
					item(a, i)
				}
				a.Reset()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*count), "ns/item")
		})
	}
}

func makeUser(a *arena.Arena, i int) {
	u := arena.New[user](a)
	u.id = int64(i)
	userSink = u
}

func makeRecord(a *arena.Arena, _ int) {
	r := arena.New[record](a)
	for i, text := range texts {
		r.texts[i] = a.AllocString(text)
	}
	r.attributes = arena.MakeSlice[attribute](a, len(values), len(values))
	for i, value := range values {
		r.attributes[i] = attribute{"name", a.AllocString(value)}
	}
	recordSink = r
}

func BenchmarkObject(b *testing.B) { rounds(b, counts, userBytes, makeUser) }

func BenchmarkString(b *testing.B) {
	rounds(b, counts, 28, func(a *arena.Arena, _ int) { textSink = a.AllocString(text) })
}

func BenchmarkRecord(b *testing.B) { rounds(b, counts[:3], recordBytes, makeRecord) }

func BenchmarkSlice(b *testing.B) {
	for _, count := range counts {
		b.Run(strconv.Itoa(count), func(b *testing.B) {
			a := arena.NewArena(count*userBytes+chunkBytes, 0)
			b.ResetTimer()
			for n := 0; n < b.N; n++ {
				sliceSink = arena.MakeSlice[user](a, count, count)
				a.Reset()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N), "ns/item")
		})
	}
}

// BenchmarkReset times the reset alone, of eight arenas at once.
func BenchmarkReset(b *testing.B) {
	for _, count := range []int{1, 100, 10000, 1000000} {
		b.Run(strconv.Itoa(count), func(b *testing.B) {
			var arenas [8]*arena.Arena
			for i := range arenas {
				arenas[i] = arena.NewArena(count*userBytes+chunkBytes, 0)
			}
			var taken time.Duration
			for n := 0; n < b.N; n++ {
				for i := 0; i < count; i++ {
					for _, a := range arenas {
						makeUser(a, i)
					}
				}
				begin := time.Now()
				for _, a := range arenas {
					a.Reset()
				}
				taken += time.Since(begin)
			}
			b.ReportMetric(float64(taken.Nanoseconds())/float64(b.N*len(arenas)), "ns/item")
		})
	}
}

func BenchmarkLease(b *testing.B) {
	pool := arena.NewArenaPool(chunkBytes, 0)
	b.RunParallel(func(turn *testing.PB) {
		for turn.Next() {
			a := pool.Get()
			_ = arena.MakeSlice[byte](a, 64, 64)
			pool.Put(a)
		}
	})
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N), "ns/item")
}
