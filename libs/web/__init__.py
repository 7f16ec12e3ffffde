"""HTTP for every service: bodies, answers that are problems, repeats, text and headers."""
