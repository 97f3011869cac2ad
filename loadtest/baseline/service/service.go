// Package service is what the servers of the baseline share: the live heap objects, the HTTP server
// and the counters. The servers differ in how they parse a record and where they put it.
package service

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/valyala/fasthttp"
)

// Parse makes a record of each line of body. It returns how many there were, and the sum of their
// order numbers, by which the load test knows that they were parsed.
type Parse func(body []byte) (records, orders int64, err error)

// object is 64 bytes with a pointer for the collector to follow.
type object struct {
	previous *object
	number   int64
	_        [48]byte
}

var (
	records atomic.Int64
	orders  atomic.Int64
	// ballast keeps the live objects reachable.
	ballast []*object
)

// Run serves POST /log with parse, and GET /counters, until the process is ended.
func Run(parse Parse) {
	port := flag.Int("port", 8080, "port of 127.0.0.1 to listen on")
	objects := flag.Int("ballast-objects", 0, "live heap objects to keep beside the requests")
	flag.Parse()
	ballast = makeBallast(*objects)
	server := fasthttp.Server{
		MaxRequestBodySize: 100 << 20,
		Handler: func(ctx *fasthttp.RequestCtx) {
			switch string(ctx.Path()) {
			case "/log":
				take(ctx, parse)
			case "/counters":
				report(ctx)
			default:
				ctx.Error("not found", fasthttp.StatusNotFound)
			}
		},
	}
	log.Fatal(server.ListenAndServe("127.0.0.1:" + strconv.Itoa(*port)))
}

// NextLine cuts the first line off body; empty lines are passed over.
func NextLine(body []byte) (line, rest []byte) {
	body = bytes.TrimLeft(body, "\n")
	line, rest, _ = bytes.Cut(body, []byte{'\n'})
	return line, rest
}

func makeBallast(count int) []*object {
	objects := make([]*object, count)
	var previous *object
	for i := range objects {
		objects[i] = &object{previous: previous, number: int64(i)}
		previous = objects[i]
	}
	return objects
}

func take(ctx *fasthttp.RequestCtx, parse Parse) {
	accepted, sum, err := parse(ctx.PostBody())
	if err != nil {
		ctx.Error(err.Error(), fasthttp.StatusBadRequest)
		return
	}
	records.Add(accepted)
	orders.Add(sum)
	ctx.SetContentType("application/json")
	// Room for the digits beside the text; AppendBody copies it, so it stays on the stack.
	var room [64]byte
	reply := append(room[:0], `{"accepted":`...)
	reply = strconv.AppendInt(reply, accepted, 10)
	reply = append(reply, `,"rejected":0}`...)
	ctx.Response.AppendBody(reply)
}

// report answers with what has been counted since the start.
func report(ctx *fasthttp.RequestCtx) {
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	collector := []metrics.Sample{{Name: "/cpu/classes/gc/total:cpu-seconds"}}
	metrics.Read(collector)
	answer, err := json.Marshal(map[string]any{
		"records":         records.Load(),
		"orders":          orders.Load(),
		"allocations":     memory.Mallocs,
		"allocated_bytes": memory.TotalAlloc,
		"gc_pause_ms":     float64(memory.PauseTotalNs) / 1e6,
		"gc_cycles":       memory.NumGC,
		"gc_cpu_seconds":  collector[0].Value.Float64(),
		"live_objects":    len(ballast),
		"versions":        versions(),
	})
	if err != nil {
		ctx.Error(err.Error(), fasthttp.StatusInternalServerError)
		return
	}
	ctx.SetBody(answer)
}

// versions names the Go release and the modules that the program was built with.
func versions() string {
	parts := []string{runtime.Version()}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, module := range info.Deps {
			name := module.Path[strings.LastIndex(module.Path, "/")+1:]
			if strings.HasPrefix(name, "fast") || name == "go-arena" {
				parts = append(parts, fmt.Sprintf("%s %s", name, module.Version))
			}
		}
	}
	return strings.Join(parts, ", ")
}
