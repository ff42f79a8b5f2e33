"""Classifiers that people bring as files of their own."""
