"""The command line and the embedded runtime: real servers and services, started and kept with one command."""
