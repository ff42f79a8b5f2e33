"""The review board: results that somebody kept, with what people thought of them, in a database."""
