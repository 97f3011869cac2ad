// The baseline with arenas: fasthttp, fastjson, and the records in an arena of each request.
package main

import (
	"unsafe"

	arena "github.com/VoolFI71/go-arena"
	"github.com/valyala/fastjson"

	"logboom/loadtest/baseline/service"
)

const chunkBytes = 64 * 1024

type record struct {
	Timestamp string
	Level     string
	Service   string
	Message   string
	OrderID   int64
	UserID    int64
	LatencyMs float64
	Pad       string
}

var (
	arenas  = arena.NewArenaPool(chunkBytes, 0)
	parsers fastjson.ParserPool
)

// text copies a field into the arena.
func text(memory *arena.Arena, value *fastjson.Value, key string) string {
	bytes := value.GetStringBytes(key)
	return memory.AllocString(unsafe.String(unsafe.SliceData(bytes), len(bytes)))
}

func parse(body []byte) (records, orders int64, err error) {
	memory := arenas.Get()
	defer arenas.Put(memory)
	parser := parsers.Get()
	defer parsers.Put(parser)
	for line, rest := service.NextLine(body); len(line) > 0; line, rest = service.NextLine(rest) {
		value, err := parser.ParseBytes(line)
		if err != nil {
			return 0, 0, err
		}
		entry := arena.New[record](memory)
		entry.Timestamp = text(memory, value, "timestamp")
		entry.Level = text(memory, value, "level")
		entry.Service = text(memory, value, "service")
		entry.Message = text(memory, value, "message")
		entry.OrderID = value.GetInt64("order_id")
		entry.UserID = value.GetInt64("user_id")
		entry.LatencyMs = value.GetFloat64("latency_ms")
		entry.Pad = text(memory, value, "pad")
		records++
		orders += entry.OrderID
	}
	return records, orders, nil
}

func main() {
	service.Run(parse)
}
