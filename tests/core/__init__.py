"""The pure room: units, and properties of the plan."""
