"""Database instances with a real PostgreSQL behind them."""
