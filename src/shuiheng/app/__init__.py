"""Settings, addresses, middleware, the local PostgreSQL and the `shuiheng` command. Rules live elsewhere."""
