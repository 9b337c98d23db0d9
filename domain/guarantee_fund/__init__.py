"""The guarantee fund 担保基金: public money that stands behind loans, and how much of it may be promised."""
