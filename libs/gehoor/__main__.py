"""`python -m gehoor` is the command line."""

from gehoor.cli import main

if __name__ == "__main__":
    main()
