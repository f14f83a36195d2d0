"""Exact allocation: a Problem in, whole cubic metres per user and source out, with a certificate for each shortage."""
