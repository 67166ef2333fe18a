"""How single cells are read: exact money, instants, keys and phones, choices."""
