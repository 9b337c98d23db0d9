"""The command line `loan-ledger`: a thin way in; every rule it answers with is the use case's own."""
