"""The ways in, a file for each: what somebody sends becomes a submission and a sender, for the desk.

Those of today come over HTTP. The README says how to add one, over HTTP or not.
"""
