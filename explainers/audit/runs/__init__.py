"""Runs: the folder that an audit is kept in, what it was begun with, and how far it has come."""
