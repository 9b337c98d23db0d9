"""Bookkeeping 记账: every fact's balanced entries in three books that never mix, worked out of the facts and nothing else."""
