"""Pay online what is owed to a French health insurance fund (CPAM)."""
