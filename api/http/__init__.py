"""The HTTP API: every use case and every read model, as JSON under `/api/v1`."""
