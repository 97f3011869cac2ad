// The baseline with the standard heap: fasthttp and encoding/json, a fresh record for each line.
package main

import (
	"encoding/json"

	"logboom/loadtest/baseline/service"
)

type record struct {
	Timestamp string  `json:"timestamp"`
	Level     string  `json:"level"`
	Service   string  `json:"service"`
	Message   string  `json:"message"`
	OrderID   int64   `json:"order_id"`
	UserID    int64   `json:"user_id"`
	LatencyMs float64 `json:"latency_ms"`
	Pad       string  `json:"pad"`
}

func parse(body []byte) (records, orders int64, err error) {
	for line, rest := service.NextLine(body); len(line) > 0; line, rest = service.NextLine(rest) {
		entry := new(record)
		if err := json.Unmarshal(line, entry); err != nil {
			return 0, 0, err
		}
		records++
		orders += entry.OrderID
	}
	return records, orders, nil
}

func main() {
	service.Run(parse)
}
