"""The journal on MongoDB: records, their entries, what is kept beside them, in one transaction."""
