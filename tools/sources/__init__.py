# The rules of the house, one module each; tools/check_sources runs them.
