"""Decision records: read, check, relate. Pure: text in, values out."""
