"""The only place that picks adapters, and what starts and watches the processes."""
