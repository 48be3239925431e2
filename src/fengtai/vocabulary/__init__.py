"""Floor 0: the words that everybody uses. A closed list: a new word is a decision."""
