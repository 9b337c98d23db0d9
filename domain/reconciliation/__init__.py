"""Reconciliation 对账: what the bank's statement says against the books, every difference named and signed."""
