"""The dashboard on a network in memory: its handle, its pictures and its server."""
