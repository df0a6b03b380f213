"""Alarms, metrics of queues, and saved queries of the logs."""
