"""Interest subsidy 贴息: the part of a loan's interest that the budget bears, on which days and by which formula."""
