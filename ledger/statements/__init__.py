"""Bank statements 银行对账单 as files: camt.053, MT940, and the tables (CSV, XLSX) of Chinese banks, read into one shape or refused with the reason."""
