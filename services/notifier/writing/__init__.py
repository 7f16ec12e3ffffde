"""Writing a letter: the values, the phrases, the template, and the proof of its mandatory contents."""
