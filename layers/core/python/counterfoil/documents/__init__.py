"""Receipts as documents for people: made from what is known of a receipt, and nothing else."""
