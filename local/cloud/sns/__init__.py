"""Emails with confirmation, and condition keys."""
