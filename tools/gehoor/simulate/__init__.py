"""Behind `gehoor simulate`: a simulated year, the same lived in the real services, and what-if."""
