"""The rules about how the source is built, each a pure function over a tree of files."""
