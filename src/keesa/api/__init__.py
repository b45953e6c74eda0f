"""HTTP: the mechanics that both versions share, and a package a version with its routes and shapes."""
