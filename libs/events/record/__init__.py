"""What stands in the record: the envelope of an event, its hash chain, and its encrypted personal part."""
