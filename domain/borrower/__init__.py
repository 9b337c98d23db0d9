"""The borrower 借款人: a person known to the ledger by a pseudonym."""
