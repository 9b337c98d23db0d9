"""The loan 贷款: contract, disbursement, repayment, overdue, charge-off, settlement."""
