"""Reference factories: a working factory on the lab map, from raw resources, for anything that FLE asks for."""
