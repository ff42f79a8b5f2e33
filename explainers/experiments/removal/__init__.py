"""Deletion and insertion: the score while pixels go and come in the order of a map."""
