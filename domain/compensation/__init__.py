"""Risk compensation 代偿 and recovery 追偿: a loss shared by the scheme that the loan pinned."""
