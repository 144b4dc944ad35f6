"""The figures compare like with like; how large they are is never tested."""
