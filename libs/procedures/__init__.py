"""Complaint procedures as data: what each organisation promised, on which days, and what follows from it."""
