module logboom/bench/go_arena

go 1.24.0
