"""Read models: each file is one paper that somebody reads; all of them can be dropped and rebuilt from the facts to the same bytes."""
