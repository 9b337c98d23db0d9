"""Historical loans 历史贷款: a tape is read strictly, by a mapping that its user wrote, and becomes facts or named reasons."""
