"""What is looked at of a run: its rows as arrays, their numbers, and which of its pictures are chosen."""
