"""Audits: one method's maps of thousands of pictures, on one machine or on a cluster, and what they have in common."""
