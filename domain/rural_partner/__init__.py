"""Rural partners 乡村振兴合伙人 and the projects that they bring to the villages (R-RP-1)."""
