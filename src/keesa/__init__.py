"""Keesa: a support-ticket server with a JSON API."""

__version__ = "0.1.0"
