"""The rules of the checker, a file for each idea: each tells what a procedure leaves open. Pure."""
