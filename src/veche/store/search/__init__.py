"""The search index: which word stands in which messages. Made of the record, and made anew whenever it is lost."""
