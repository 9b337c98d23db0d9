"""The areas of the API, one file each: every line is a use case or a read model with its address."""
