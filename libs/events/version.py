"""The version of Gehoor, stated here and nowhere else.

`pyproject.toml` reads it from this file when the package is built. A file, because images hold no metadata of
a package, and because reading metadata costs a command more than everything else it does.
"""

VERSION = "0.2.0"
