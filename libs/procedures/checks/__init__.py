"""The rules of the checker, a file for each idea. Each yields what a procedure leaves open. Pure."""
