"""Policy 政策: editions of the scheme's rules as data, with their sources; what a decision looked at, and why it fell as it did."""
