"""What happens, one verb a file. Knows tables, `core` and the ports; never a concrete adapter, never HTTP."""
