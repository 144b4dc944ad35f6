"""Ways a message travels; `base` is the port."""
