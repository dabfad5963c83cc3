"""The top floor: reads the settings, builds everything, and is the only place that knows everyone."""
