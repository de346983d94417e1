"""Apply the rules to files of debts, in parts; a job that was stopped is resumed."""
