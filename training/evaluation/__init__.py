"""Measures what a bank's stops do, beside controls, and writes it down."""
