"""Card and bank payment processors; `base` is the port."""
