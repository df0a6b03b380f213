"""Delivery streams that buffer, transform, compress and lose nothing."""
