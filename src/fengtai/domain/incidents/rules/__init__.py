"""Pure decisions about incidents: life cycles, numbers, cameras, prescribed steps, clips, phases."""
