"""The pages of /connect, and the notices: plain HTML without scripts, for people. What is shown is an argument.

Addresses in them are relative, so that they hold below any prefix.
"""
