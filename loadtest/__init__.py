"""The load test: `./dev loadtest` measures Logboom beside Go servers, nginx and a bare server."""
