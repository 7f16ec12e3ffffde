"""The status page: where a case stands, told to whoever holds its signed link."""
