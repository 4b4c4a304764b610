"""The HTTP API: `/api` speaks the Hyperserve contract, `/v1` is our own."""
